import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import type { S3 } from '@aws-sdk/client-s3';
import type { Clock } from '../../base/clock.ts';
import { checkSignal, errnoOf } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { Pace } from '../pace.ts';
import type { Keys } from '../sts/own-keys.ts';
import { forgetRoleKeys, roleKeys } from '../sts/role-keys.ts';
import type { S3Address } from './address.ts';
import { hasEnded, s3Error } from './errors.ts';
import { completeTimeoutMs, connectTimeoutMs, idleTimeoutMs, socketsMax } from './limits.ts';

/** For tests: how names are looked up, and how long a connection may stand still. */
export interface S3Seams {
  readonly lookup?: LookupFunction;
  readonly idleMs?: number;
}

interface Opened {
  readonly s3: S3;
  /** For what a server may work on for minutes before it says a word. */
  readonly patient: S3;
  readonly agent: HttpAgent;
}

/**
 * The SDK's client for one destination, loaded and made at the first call. It repeats nothing, follows no clock but the machine's,
 * and has sockets of its own.
 */
export class S3Connection {
  readonly address: S3Address;
  readonly pace: Pace | null;
  readonly #clock: Clock;
  readonly #seams: S3Seams;
  #opened: Promise<Opened> | null = null;
  #closed = false;
  /** What the next request is signed with. */
  #keys: Keys;
  /** The server's clock minus ours by its last answer; null before. Servers tell whole seconds. */
  clockOffsetMs: number | null = null;

  /** `pace` is for what is done without having been called for. */
  constructor(address: S3Address, clock: Clock, seams: S3Seams, pace: Pace | null = null) {
    this.address = address;
    this.pace = pace;
    this.#clock = clock;
    this.#seams = seams;
    this.#keys = { accessId: address.accessId, accessKey: address.accessKey, token: '' };
  }

  /** The key in the bucket. */
  at(key: string): string {
    return this.address.prefix + key;
  }

  /** Runs one request of the SDK. Throws MediumError only, or what `work` throws of its own that is one. */
  async call<T>(
    operation: string,
    key: string,
    signal: AbortSignal | undefined,
    work: (s3: S3, options: { readonly abortSignal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    checkSignal(key, signal);
    const { s3, patient } = await this.#open();
    const { role } = this.address;
    if (role !== null) this.#keys = await roleKeys(role, this.#clock, key, signal);
    const keys = this.#keys;
    try {
      return await work(operation === 'CompleteMultipartUpload' ? patient : s3, signal ? { abortSignal: signal } : {});
    } catch (error) {
      const host = this.address.endpoint.hostname;
      if (role === null || !hasEnded(error)) throw s3Error({ operation, key, signal, host }, error);
      forgetRoleKeys(role, keys);
      throw new MediumError('unavailable', key, `${operation} on ${host}: the keys of the role have ended`);
    }
  }

  /** Waits until the destination's pace allows so much; `cancelled` when `signal` says so before. */
  async pay(key: string, operationCount: number, byteCount: number, signal: AbortSignal): Promise<void> {
    const sleep = (delayMs: number) =>
      this.#clock.sleep(delayMs, signal).catch(() => {
        throw new MediumError('cancelled', key, 'the caller gave up', signal.reason);
      });
    await this.pace?.take(operationCount, byteCount, sleep);
  }

  /** Our clock, for how long ago something was. */
  nowNs(): bigint {
    return this.#clock.nowNs();
  }

  /** The server's clock in milliseconds, by its last answer. */
  serverNowMs(): number {
    return this.#nowMs() + (this.clockOffsetMs ?? 0);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const opened = await this.#opened?.catch(() => null);
    opened?.s3.destroy();
    opened?.patient.destroy();
    opened?.agent.destroy();
  }

  #nowMs(): number {
    return this.#clock.nowUs() / 1_000;
  }

  #open(): Promise<Opened> {
    if (this.#closed) throw new MediumError('cancelled', '', 'the medium is closed');
    this.#opened ??= this.#make().catch((error: unknown) => {
      this.#opened = null;
      throw error;
    });
    return this.#opened;
  }

  async #make(): Promise<Opened> {
    const sdk = await import('@aws-sdk/client-s3');
    const agent = await this.#agent();
    const { idleMs } = this.#seams;
    return {
      s3: this.#client(sdk, agent, idleMs ?? idleTimeoutMs),
      patient: this.#client(sdk, agent, idleMs ?? completeTimeoutMs),
      agent,
    };
  }

  #client(sdk: typeof import('@aws-sdk/client-s3'), agent: HttpAgent, idleMs: number): S3 {
    const { endpoint, region, pathStyle, role } = this.address;
    const hostname = endpoint.hostname.includes(':') ? `[${endpoint.hostname}]` : endpoint.hostname;
    const port = endpoint.port === null ? '' : `:${endpoint.port}`;
    // All that the SDK would otherwise take from the environment or from files in the home directory is said here.
    const s3 = new sdk.S3({
      endpoint: `${endpoint.tls ? 'https' : 'http'}://${hostname}${port}`,
      region,
      forcePathStyle: pathStyle,
      credentials: role === null ? identityOf(this.#keys) : async () => endedIdentityOf(this.#keys),
      maxAttempts: 1,
      retryMode: 'standard',
      requestChecksumCalculation: 'WHEN_REQUIRED',
      responseChecksumValidation: 'WHEN_REQUIRED',
      disableClockSkewCorrection: true,
      useDualstackEndpoint: false,
      useFipsEndpoint: false,
      useArnRegion: false,
      disableMultiregionAccessPoints: true,
      disableS3ExpressSessionAuth: true,
      followRegionRedirects: false,
      userAgentAppId: 'obvault',
      authSchemePreference: ['sigv4'],
      sigv4aSigningRegionSet: [region],
      defaultsMode: 'legacy',
      requestHandler: {
        ...(agent instanceof HttpsAgent ? { httpsAgent: agent } : { httpAgent: agent }),
        connectionTimeout: connectTimeoutMs,
        socketTimeout: idleMs,
        logger: silent,
      },
    });
    this.#addSteps(s3);
    return s3;
  }

  async #agent(): Promise<HttpAgent> {
    const { endpoint, caFile } = this.address;
    const { lookup } = this.#seams;
    const options = { keepAlive: true, maxSockets: socketsMax, ...(lookup ? { lookup } : {}) };
    if (!endpoint.tls) return new HttpAgent(options);
    if (caFile === null) return new HttpsAgent(options);
    const ca = await readFile(caFile).catch((error: unknown) => {
      throw new MediumError('denied', '', `ca_file: ${errnoOf(error) || 'it cannot be read'}`);
    });
    return new HttpsAgent({ ...options, ca });
  }

  #addSteps(s3: S3): void {
    const { tls } = this.address.endpoint;
    // Some stores want Content-MD5 where the SDK sends a CRC32 only. Under TLS a second digest of the payload adds nothing.
    s3.middlewareStack.add(
      (next, context) => (args) => {
        const { headers, body } = args.request as HttpMessage;
        const sent = typeof body === 'string' || body instanceof Uint8Array ? body : null;
        if (sent !== null && sent.length > 0) {
          if (wantMd5.has(context.commandName ?? ''))
            headers['content-md5'] = createHash('md5').update(sent).digest('base64');
          if (tls) headers['x-amz-content-sha256'] = 'UNSIGNED-PAYLOAD';
        }
        return next(args);
      },
      { step: 'build', priority: 'low', name: 'obvaultDigests' },
    );
    s3.middlewareStack.add(
      (next) => async (args) => {
        const sentMs = this.#nowMs();
        const answered = await next(args);
        const date = Date.parse((answered.response as HttpMessage).headers['date'] ?? '');
        if (!Number.isNaN(date)) this.clockOffsetMs = date + 500 - (sentMs + this.#nowMs()) / 2;
        return answered;
      },
      { step: 'deserialize', priority: 'low', name: 'obvaultServerClock' },
    );
  }
}

/** As the SDK takes it. */
function identityOf({ accessId, accessKey }: Keys) {
  return { accessKeyId: accessId, secretAccessKey: accessKey };
}

/** Over already, so that the SDK asks for it before every request. */
function endedIdentityOf(keys: Keys) {
  return { ...identityOf(keys), sessionToken: keys.token, expiration: new Date(0) };
}

/** Else the SDK writes to the console when more calls wait for a socket than it likes. */
const silent = { debug() {}, info() {}, warn() {}, error() {} };

const wantMd5: ReadonlySet<string> = new Set(['DeleteObjectsCommand', 'PutObjectTaggingCommand']);

interface HttpMessage {
  readonly headers: Record<string, string>;
  readonly body?: unknown;
}
