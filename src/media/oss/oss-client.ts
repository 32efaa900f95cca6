import { createHash } from 'node:crypto';
import type { LookupFunction } from 'node:net';
import type OSS from 'ali-oss';
import type { Clock } from '../../base/clock.ts';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { PaceDebts } from '../pace-debts.ts';
import type { Keys } from '../sts/own-keys.ts';
import { type Role, roleOf } from '../sts/role.ts';
import { forgetRoleKeys, roleKeys } from '../sts/role-keys.ts';
import { type OssPlace, ossPlace } from './oss-address.ts';
import { isRefusal, OssRefusal } from './oss-errors.ts';
import { idleMs, replyBytes } from './oss-limits.ts';
import { type Exchange, type SdkReply, type SdkRequest, Transport } from './oss-transport.ts';

/** How the medium reaches its server, for tests. */
export interface OssWiring {
  readonly lookup?: LookupFunction;
  readonly idleMs?: number;
}

/** One request. Values that are not needed are left out: an undefined one would be sent but not signed. */
export interface OssRequest {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'POST' | 'DELETE';
  /** Relative to the destination; null for the bucket. */
  readonly key: string | null;
  /** What errors name when it is not `key`. */
  readonly about?: string;
  readonly subresources?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: Uint8Array;
  readonly replyBytes?: number;
  /** Longer than usual for what the server needs time for. */
  readonly idleMs?: number;
}

export interface OssReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** `untold`: we may not ask. */
export type OssVersioning = 'never' | 'enabled' | 'suspended' | 'untold';

/** The call of the SDK that all its others go through; its types leave it out. */
interface Sdk {
  request(params: {
    readonly method: string;
    readonly bucket: string;
    readonly object?: string;
    readonly subres?: Readonly<Record<string, string>>;
    readonly query?: Readonly<Record<string, string>>;
    readonly headers: Readonly<Record<string, string>>;
    readonly content?: Buffer;
    readonly disabledMD5: boolean;
    readonly mime: string;
    readonly successStatuses: readonly number[];
    readonly ctx: Exchange;
  }): Promise<SdkReply>;
  parseXML(text: Buffer): Promise<unknown>;
}

/** One bucket of OSS, reached request by request: the SDK signs and reads errors, the transport addresses and sends. */
export class OssClient {
  readonly clock: Clock;
  readonly #address: MediumAddress;
  readonly #wiring: OssWiring;
  readonly #debts: PaceDebts;
  #opened: { readonly place: OssPlace; readonly transport: Transport; readonly access: Role | Keys } | null = null;
  /** The SDK's client that signs with these keys. */
  #signer: { readonly keys: Keys; readonly sdk: Promise<Sdk> } | null = null;
  #versioning: Promise<OssVersioning> | null = null;
  /** Clock of the server in the newest reply, with that of ours when it came. */
  #heard: { readonly serverMs: number; readonly atMs: number } | null = null;

  constructor(address: MediumAddress, clock: Clock, wiring: OssWiring = {}) {
    this.#address = address;
    this.clock = clock;
    this.#wiring = wiring;
    this.#debts = new PaceDebts(address.pace ?? null, clock);
  }

  get place(): OssPlace {
    return this.#open().place;
  }

  /** When the newest reply was written by the server's clock, and when it came by ours. */
  get heard(): { readonly serverMs: number; readonly atMs: number } | null {
    return this.#heard;
  }

  /** Sends one request and resolves with a reply below 300. Throws MediumError, for what the service refused OssRefusal. */
  async call(request: OssRequest, signal: AbortSignal | undefined): Promise<OssReply> {
    const key = request.about ?? request.key ?? '';
    checkSignal(key, signal);
    const { place, access } = this.#open();
    const keys = 'arn' in access ? await roleKeys(access, this.clock, key, signal) : access;
    const client = await this.#signerFor(keys);
    checkSignal(key, signal);
    const exchange: Exchange = {
      key,
      signal,
      idleMs: this.#wiring.idleMs ?? request.idleMs ?? idleMs,
      replyBytes: request.replyBytes ?? replyBytes,
      failure: null,
      headers: null,
    };
    const { content } = request;
    const digest = content === undefined ? {} : { 'Content-MD5': createHash('md5').update(content).digest('base64') };
    try {
      const { status, headers, data } = await client.request({
        method: request.method,
        bucket: place.bucket,
        ...(request.key === null ? {} : { object: `${place.prefix}${request.key}` }),
        ...(request.subresources && { subres: request.subresources }),
        ...(request.query && { query: request.query }),
        ...(content && { content: Buffer.from(content.buffer, content.byteOffset, content.byteLength) }),
        headers: { ...request.headers, ...digest },
        disabledMD5: true,
        mime: 'application/octet-stream',
        successStatuses: [200, 204, 206],
        ctx: exchange,
      });
      this.#hear(headers);
      return { status, headers, body: data };
    } catch (error) {
      const told = this.#errorOf(key, exchange, error);
      if (!('arn' in access) || !isRefusal(told, 'SecurityTokenExpired')) throw told;
      forgetRoleKeys(access, keys);
      throw new MediumError('unavailable', key, `${place.host}: the keys of the role have ended`);
    }
  }

  /** Whether the bucket has or had versions, asked once: unless it never had, the service lets a `create` overwrite. */
  versioning(signal: AbortSignal | undefined): Promise<OssVersioning> {
    if (this.#versioning === null) {
      const asked = this.#askVersioning(signal);
      this.#versioning = asked;
      asked.catch(() => {
        if (this.#versioning === asked) this.#versioning = null;
      });
    }
    return this.#versioning;
  }

  async #askVersioning(signal: AbortSignal | undefined): Promise<OssVersioning> {
    try {
      const { body } = await this.call({ method: 'GET', key: null, subresources: { versioning: '' } }, signal);
      const { Status: status } = await this.parse('', body);
      return status === undefined ? 'never' : status === 'Enabled' ? 'enabled' : 'suspended';
    } catch (error) {
      if (isRefusal(error, 'AccessDenied') || (error instanceof MediumError && error.kind === 'unsupported'))
        return 'untold';
      throw error;
    }
  }

  /** Takes from the pace what is fetched and written again within a call. */
  oweAgain(byteCount: number): void {
    this.#debts.owe(2, 2 * byteCount);
  }

  /** Reads an answer the service wrote as XML, into objects named as its elements. */
  async parse(key: string, body: Buffer): Promise<Readonly<Record<string, unknown>>> {
    const { place } = this.#open();
    if (this.#signer === null) throw new Error('there is no reply yet');
    const sdk = await this.#signer.sdk;
    try {
      const parsed = await sdk.parseXML(body);
      return typeof parsed === 'object' && parsed !== null ? (parsed as Readonly<Record<string, unknown>>) : {};
    } catch {
      // The parser quotes what it read.
      throw new MediumError('io', key, `${place.host}: the reply cannot be read`);
    }
  }

  close(): void {
    this.#debts.close();
    this.#opened?.transport.close();
  }

  #open() {
    this.#opened ??= this.#openNow();
    return this.#opened;
  }

  #openNow() {
    const { accessId, accessKey } = this.#address.authorization;
    const place = ossPlace(this.#address);
    const role = roleOf(this.#address, place.region ?? '');
    if (role === null && (accessId.trim() === '' || accessKey.trim() === ''))
      throw new MediumError('denied', '', 'there is no access key');
    const { host, origin, tls } = place;
    const { lookup } = this.#wiring;
    const transport = new Transport({ host, origin, tls, caFile: this.#address.options.ca_file, lookup });
    return { place, transport, access: role ?? { accessId, accessKey, token: '' } };
  }

  #signerFor(keys: Keys): Promise<Sdk> {
    const { place, transport } = this.#open();
    if (this.#signer?.keys !== keys) {
      const sdk = import('ali-oss').then((module) => {
        const options = {
          accessKeyId: keys.accessId,
          accessKeySecret: keys.accessKey,
          // Without an interval the SDK prints that it would like to renew the token itself.
          ...(keys.token === '' ? {} : { stsToken: keys.token, refreshSTSTokenInterval: Number.MAX_SAFE_INTEGER }),
          // No part of what is signed; the SDK takes not every host there is.
          endpoint: 'http://oss.invalid',
          sldEnable: place.byPath,
          authorizationV4: place.region !== null,
          region: `oss-${place.region ?? 'unnamed'}`,
          urllib: { request: (url: string, asked: SdkRequest) => transport.request(url, asked) },
        };
        return new module.default(options as OSS.Options) as unknown as Sdk;
      });
      this.#signer = { keys, sdk };
    }
    return this.#signer.sdk;
  }

  #errorOf(key: string, exchange: Exchange, error: unknown): unknown {
    if (exchange.failure) return exchange.failure;
    const found = error as { status?: unknown; code?: unknown; requestId?: unknown; headers?: unknown } | null;
    // Thrown before anything was sent: an error of ours.
    if (typeof found?.status !== 'number' || exchange.headers === null) return error;
    this.#hear(exchange.headers);
    return new OssRefusal(key, this.place.host, {
      status: found.status,
      code: typeof found.code === 'string' ? found.code : '',
      requestId: typeof found.requestId === 'string' ? found.requestId : '',
    });
  }

  #hear(headers: Readonly<Record<string, string>>): void {
    const serverMs = Date.parse(headers.date ?? '');
    if (!Number.isNaN(serverMs)) this.#heard = { serverMs, atMs: this.clock.nowUs() / 1_000 };
  }
}
