import { readFileSync } from 'node:fs';
import { Agent, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import type { LookupFunction } from 'node:net';
import { rootCertificates } from 'node:tls';
import { MediumError } from '../medium.ts';
import { connectionError } from './oss-errors.ts';
import { freeSocketMs, refusalBytes, socketsMax } from './oss-limits.ts';

/** What one call says about its exchange, and what the exchange leaves behind for it. */
export interface Exchange {
  readonly key: string;
  readonly signal: AbortSignal | undefined;
  readonly idleMs: number;
  /** A longer reply is `unsupported` and not read. */
  readonly replyBytes: number;
  failure: MediumError | null;
  /** Headers of the reply, whatever it says. */
  headers: Readonly<Record<string, string>> | null;
}

export interface TransportOptions {
  /** `host[:port]` as errors name it. */
  readonly host: string;
  /** `http://host:port`, with the bucket where it stands in the name. The SDK's own idea of it is not used. */
  readonly origin: string;
  readonly tls: boolean;
  readonly caFile: string | undefined;
  readonly lookup: LookupFunction | undefined;
}

/** What the SDK hands over to be sent. */
export interface SdkRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string | number>>;
  readonly content?: Uint8Array | string;
  readonly ctx: Exchange;
}

/** What the SDK wants back. */
export interface SdkReply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly data: Buffer;
  readonly res: { readonly status: number; readonly headers: Readonly<Record<string, string>> };
}

/**
 * Sends what the SDK has signed, in place of the SDK's own HTTP client: that one cannot be cancelled, shares its agents among all
 * clients, ends no stall and puts raw replies into messages. Nothing is repeated here.
 */
export class Transport {
  readonly #options: TransportOptions;
  #agent: Agent | null = null;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  async request(url: string, asked: SdkRequest): Promise<SdkReply> {
    const exchange = asked.ctx;
    try {
      const reply = await this.#exchange(url, asked, exchange);
      exchange.headers = reply.headers;
      return reply;
    } catch (error) {
      exchange.failure = connectionError(exchange.key, this.#options.host, error);
      throw exchange.failure;
    }
  }

  close(): void {
    this.#agent?.destroy();
    this.#agent = null;
  }

  #exchange(url: string, { method, headers, content }: SdkRequest, exchange: Exchange): Promise<SdkReply> {
    const { key, signal, idleMs } = exchange;
    const { tls, origin, lookup, host } = this.#options;
    const { pathname, search } = new URL(url);
    this.#agent ??= this.#openAgent();
    const agent = this.#agent;
    return new Promise((resolve, reject) => {
      const options = { method, agent, timeout: idleMs, headers, ...(lookup && { lookup }) };
      const outgoing = (tls ? tlsRequest : plainRequest)(`${origin}${pathname}${search}`, options);
      const cancel = () => outgoing.destroy(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
      outgoing.on('timeout', () =>
        outgoing.destroy(new MediumError('timeout', key, `${host}: nothing came or went for ${idleMs} ms`)),
      );
      outgoing.on('error', reject);
      let answered = false;
      outgoing.on('response', (incoming) => {
        answered = true;
        incoming.on('error', reject);
        // Every reply of the service has an id; a proxy or a portal must not pass for a write that was done or an empty directory.
        if ((incoming.statusCode ?? 0) < 300 && incoming.headers['x-oss-request-id'] === undefined) {
          outgoing.destroy();
          return reject(new MediumError('network', key, `${host}: what answered is no OSS server`));
        }
        collect(incoming, method, exchange).then(
          (data) => resolve(replyOf(incoming, method, data)),
          (error: unknown) => {
            reject(error);
            outgoing.destroy();
          },
        );
      });
      outgoing.on('close', () => {
        signal?.removeEventListener('abort', cancel);
        // A reply that was cut says so itself.
        if (!answered) reject(new MediumError('network', key, `${host}: the connection was closed`));
      });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
      outgoing.end(content);
    });
  }

  #openAgent(): Agent {
    const { tls, caFile } = this.#options;
    const options = { keepAlive: true, maxSockets: socketsMax, maxFreeSockets: socketsMax, timeout: freeSocketMs };
    if (!tls) return new Agent(options);
    const ca = caFile === undefined ? {} : { ca: [...rootCertificates, readFileSync(caFile, 'utf8')] };
    return new TlsAgent({ ...options, ...ca });
  }
}

/** The whole body; an end before its announced length is an error of the stream. */
async function collect(incoming: IncomingMessage, method: string, exchange: Exchange): Promise<Buffer> {
  const limit = (incoming.statusCode ?? 0) < 300 ? exchange.replyBytes : refusalBytes;
  const tooLong = () => new MediumError('unsupported', exchange.key, `the reply is longer than ${limit} bytes`);
  const announced = method === 'HEAD' ? 0 : Number(incoming.headers['content-length'] ?? 0);
  if (announced > limit) throw tooLong();
  let body = Buffer.allocUnsafe(announced);
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    const end = length + chunk.length;
    if (end > limit) throw tooLong();
    // Its length need not be announced.
    if (end > body.length) body = Buffer.concat([body.subarray(0, length)], Math.max(end, 2 * body.length));
    chunk.copy(body, length);
    length = end;
  }
  return body.subarray(0, length);
}

function replyOf(incoming: IncomingMessage, method: string, data: Buffer): SdkReply {
  const status = incoming.statusCode ?? 0;
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(incoming.headers))
    headers[name] = Array.isArray(value) ? value.join(',') : (value ?? '');
  // The error of a HEAD is in a header; without it a missing bucket would pass for a missing object.
  const said = method === 'HEAD' && status >= 300 ? (headers['x-oss-err'] ?? '') : '';
  return { status, headers, data: said === '' ? data : Buffer.from(said, 'base64'), res: { status, headers } };
}
