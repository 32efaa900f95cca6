import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders } from 'node:http';
import { Agent as TlsAgent } from 'node:https';
import type { LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import type COS from 'cos-nodejs-sdk-v5';
import type { Clock } from '../../base/clock.ts';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { PaceDebts } from '../pace-debts.ts';
import { type CosPlace, cosPlace, isBareAddress } from './cos-address.ts';
import { cosError } from './cos-errors.ts';
import { Exchange } from './cos-exchange.ts';
import { idleMs, socketsMax } from './cos-limits.ts';

/** A signature holds from a little before now, for clocks behind ours, to a quarter of an hour later. */
const signedBeforeSeconds = 60;
const signedForSeconds = 900;

/** The host is in the domain; the SDK wants a region all the same, in this shape. */
const region = 'ap-unnamed';

/** What every call names. */
export interface CosBucket {
  readonly Bucket: string;
  readonly Region: string;
}

export interface CallOptions {
  /** Sees the headers of a reply, also of one that refuses. */
  readonly look?: (headers: IncomingHttpHeaders) => void;
  /** How long the connection may stand still, when it is not `idleMs`. */
  readonly idleMs?: number;
}

/** One bucket of COS, reached request by request: no retries, no other hosts, no clock of the SDK's own, nothing printed. */
export class CosClient {
  readonly place: CosPlace;
  readonly clock: Clock;
  readonly #signer: { readonly accessId: string; readonly accessKey: string };
  readonly #caFile: string | undefined;
  readonly #debts: PaceDebts;
  readonly #lookup: LookupFunction | undefined;
  #agent: Agent | null = null;
  #sdk: Promise<typeof COS> | null = null;

  /** `lookup` finds the address of a name in place of the system. */
  constructor(address: MediumAddress, clock: Clock, lookup?: LookupFunction) {
    this.place = cosPlace(address);
    this.clock = clock;
    this.#lookup = lookup;
    this.#signer = address.authorization;
    this.#caFile = address.options.ca_file;
    this.#debts = new PaceDebts(address.pace ?? null, clock);
  }

  /** The whole key of an object of this destination. */
  at(key: string): string {
    return `${this.place.prefix}${key}`;
  }

  /** Takes from the pace what is fetched and written again within a call. */
  oweAgain(byteCount: number): void {
    this.#debts.owe(2, 2 * byteCount);
  }

  /** Sends one request. `key` is what errors name; Throws MediumError. */
  async call<T extends COS.GeneralResult>(
    key: string,
    signal: AbortSignal | undefined,
    send: (cos: COS, bucket: CosBucket) => Promise<T>,
    options: CallOptions = {},
  ): Promise<T> {
    checkSignal(key, signal);
    const { accessId, accessKey } = this.#signer;
    if (!/^[\x21-\x25\x27-\x7e]+$/.test(accessId) || accessKey === '')
      throw new MediumError('denied', key, 'the access key is none of COS');
    this.#sdk ??= import('cos-nodejs-sdk-v5').then((module) => module.default);
    const sdk = await this.#sdk;
    const exchange = new Exchange(options.idleMs ?? idleMs);
    const cos = this.#open(sdk, exchange);
    const cancelled = Promise.withResolvers<never>();
    const cancel = () => {
      exchange.end();
      cancelled.reject(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
    };
    cancelled.promise.catch(() => undefined);
    signal?.addEventListener('abort', cancel, { once: true });
    try {
      checkSignal(key, signal);
      const sent = send(cos, { Bucket: this.place.bucket, Region: region });
      const reply = await Promise.race([sent, cancelled.promise]);
      if (!exchange.whole) throw new Error('the reply was cut');
      if (exchange.isForeign) throw new Error('what answered is no COS server');
      return reply;
    } catch (error) {
      if (exchange.isForeign && !(error instanceof MediumError))
        throw new MediumError('network', key, `${this.place.host}: what answered is no COS server`);
      // Errors of the SDK hold the address and headers: none of that goes on.
      throw error instanceof MediumError ? error : cosError(this.place.host, key, exchange.outcome(error));
    } finally {
      signal?.removeEventListener('abort', cancel);
      options.look?.(exchange.headers);
    }
  }

  close(): void {
    this.#debts.close();
    this.#agent?.destroy();
    this.#agent = null;
  }

  #connections(): Agent {
    const lookup = this.#lookup === undefined ? {} : { lookup: this.#lookup };
    const options = { keepAlive: true, maxSockets: socketsMax, maxFreeSockets: socketsMax, ...lookup };
    if (!this.place.endpoint.tls) return new Agent(options);
    // The name in the Host header has the bucket in it, of which the certificate of a bare address knows nothing.
    const name = isBareAddress(this.place.endpoint) ? { servername: '' } : {};
    return new TlsAgent({ ...options, ...name, ...authorities('', this.#caFile) });
  }

  #open(Sdk: typeof COS, exchange: Exchange): COS {
    const { endpoint, host } = this.place;
    this.#agent ??= this.#connections();
    const agent = this.#agent;
    const cos = new Sdk({
      Protocol: endpoint.tls ? 'https:' : 'http:',
      Domain: `{Bucket}.${host}`,
      ...(isBareAddress(endpoint) ? { Ip: host } : {}),
      AutoSwitchHost: false,
      CorrectClockSkew: false,
      FollowRedirect: false,
      KeepAlive: false,
      UseRawKey: true,
      // Copies stay in the bucket; the SDK would take no host but the service's own.
      CopySourceParser: (source) => ({
        Bucket: this.place.bucket,
        Region: region,
        Key: source.slice(source.indexOf('/') + 1),
      }),
      getAuthorization: (options, callback) => {
        exchange.attempts += 1;
        // The SDK repeats what failed at once; without a signature it cannot.
        const text = exchange.attempts === 1 ? this.#sign(Sdk, options) : '';
        callback(text as unknown as COS.GetAuthorizationCallbackParams);
      },
    });
    cos.on('before-send', (options: { agent?: Agent; proxy?: null }) => {
      options.agent = exchange.agentOver(agent);
      // Else the process's environment may send everything elsewhere.
      options.proxy = null;
    });
    return cos;
  }

  #sign(Sdk: typeof COS, options: COS.GetAuthorizationOptions): string {
    const now = Math.floor(this.clock.nowUs() / 1_000_000);
    return Sdk.getAuthorization({
      SecretId: this.#signer.accessId,
      SecretKey: this.#signer.accessKey,
      Method: options.Method,
      Pathname: options.Pathname,
      Query: options.Query,
      Headers: options.Headers,
      KeyTime: `${now - signedBeforeSeconds};${now + signedForSeconds}`,
    } as COS.StaticGetAuthorizationOptions);
  }
}

/** Certificates that are believed; none of its own for no file. Throws `denied` for a file that cannot be read. */
function authorities(key: string, caFile: string | undefined): { readonly ca?: string[] } {
  if (caFile === undefined) return {};
  try {
    return { ca: [...rootCertificates, readFileSync(caFile, 'utf8')] };
  } catch (error) {
    throw new MediumError(
      'denied',
      key,
      `ca_file: ${error instanceof Error && 'code' in error ? error.code : 'unreadable'}`,
    );
  }
}

/** Content-MD5 of a body. */
export function contentMd5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('base64');
}

/** A header of a reply in text, `''` without it. */
export function headerOf(reply: COS.GeneralResult, name: string): string {
  const value = (reply.headers as Readonly<Record<string, unknown>> | undefined)?.[name];
  return value === undefined ? '' : String(value);
}

/** The same bytes as the SDK takes them, not copied. */
export function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
