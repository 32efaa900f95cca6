import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { errorXml, OssError } from './oss-error.ts';
import { type OssReply, serve } from './oss-routes.ts';
import { checkSignature } from './oss-sign.ts';
import { OssBucket } from './oss-store.ts';
import type { TemporaryKeys } from './sts-double.ts';

/** What a request is, for faults and for tests that look at what was sent. */
export interface OssCall {
  readonly method: string;
  readonly bucket: string;
  readonly key: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: IncomingHttpHeaders;
  status: number;
}

/**
 * Something that goes wrong with the next `times` requests that match.
 * cutUp: the connection drops after `bytes` of the body came in · stallUp: no more is read then · cutDown and stallDown: the same
 * with the reply's body · refuse: `status` and `code` are answered at once · loseReply: done, then the connection drops
 * · lateReply: done, but nothing is answered · twice: done twice, the second reply is sent · stall: nothing happens
 * · damage: one byte of the body is flipped on its way in.
 */
export interface OssFault {
  readonly kind:
    | 'cutUp'
    | 'stallUp'
    | 'cutDown'
    | 'stallDown'
    | 'refuse'
    | 'loseReply'
    | 'lateReply'
    | 'twice'
    | 'stall'
    | 'damage';
  readonly on?: (call: OssCall) => boolean;
  times: number;
  readonly bytes?: number;
  readonly status?: number;
  readonly code?: string;
}

export interface OssDoubleOptions {
  readonly accessId?: string;
  readonly accessKey?: string;
  readonly region?: string;
}

/**
 * A strict server of the OSS protocol on 127.0.0.1: verifies V4 and V1 signatures, digests and preconditions, and can be told
 * what shall go wrong. Objects live in memory and stay over `kill` and `listen`. Addressed by the path (`127.0.0.1`, `localhost`) or
 * by the host `<bucket>.oss-<region>.<anything>`.
 */
export class OssDouble {
  readonly accessId: string;
  readonly accessKey: string;
  readonly region: string;
  readonly calls: OssCall[] = [];
  readonly faults: OssFault[] = [];
  /** Keys of roles by their id; a token service's `given`. */
  temporary: ReadonlyMap<string, TemporaryKeys> = new Map();
  readonly #buckets = new Map<string, OssBucket>();
  /** Clock of the server minus that of the machine. */
  clockOffsetMs = 0;
  /** Entries of a page, at most. */
  pageEntries = 1000;
  /** What something in between answers with a good status in place of the service, null when a request passes. */
  inBetween: () => string | null = () => null;
  /** What becomes of the text of a good answer. */
  rewritten = (body: string): string => body;
  port = 0;
  #server: Server | null = null;
  #serial = 0;

  constructor(options: OssDoubleOptions = {}) {
    this.accessId = options.accessId ?? 'LTAIdouble0000000001';
    this.accessKey = options.accessKey ?? 'double-secret-0123456789abcdef';
    this.region = options.region ?? 'cn-hangzhou';
  }

  /** Starts to listen, on the port of before when there was one. */
  async listen(): Promise<void> {
    const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      void this.#answer(request, response).catch(() => request.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.port, '127.0.0.1', resolve);
    });
    this.port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  /** Ends every connection at once and listens no more; objects and unfinished uploads stay. */
  async kill(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (!server) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  bucket(name: string): OssBucket {
    const found = this.#buckets.get(name);
    if (found) return found;
    const made = new OssBucket(name, () => Date.now() + this.clockOffsetMs);
    this.#buckets.set(name, made);
    return made;
  }

  removeBucket(name: string): void {
    this.#buckets.delete(name);
  }

  /** Lets something go wrong, once unless told otherwise. */
  fail(fault: Omit<OssFault, 'times'> & { readonly times?: number }): void {
    this.faults.push({ times: 1, ...fault });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const call = this.#callOf(request);
    this.calls.push(call);
    const fault = this.#faultFor(call);
    const reply = await this.#replyTo(request, call, fault);
    if (reply === null) return;
    if (fault?.kind === 'loseReply') return void request.socket.destroy();
    if (fault?.kind === 'lateReply') return;
    call.status = reply.status;
    await send(response, reply, fault);
  }

  async #replyTo(request: IncomingMessage, call: OssCall, fault: OssFault | null): Promise<OssReply | null> {
    const about = {
      'x-oss-request-id': `6A${String(++this.#serial).padStart(22, '0')}`,
      date: new Date(Date.now() + this.clockOffsetMs).toUTCString(),
      server: 'AliyunOSS',
    };
    try {
      if (fault?.kind === 'stall') return null;
      if (fault?.kind === 'refuse') {
        request.resume();
        throw new OssError(fault.status ?? 503, fault.code ?? 'ServiceUnavailable', 'Please reduce your request rate.');
      }
      const body = await received(request, fault);
      if (body === null) return null;
      const foreign = this.inBetween();
      if (foreign !== null) return { status: 200, headers: {}, body: Buffer.from(foreign) };
      checkSignature(call, { ...this.#signerOf(call), region: this.region, nowMs: this.#nowMs() });
      const bucket = this.#buckets.get(call.bucket);
      if (!bucket) throw new OssError(404, 'NoSuchBucket', 'The specified bucket does not exist.');
      const asked = { ...call, bucket, body, pageEntries: this.pageEntries };
      if (fault?.kind === 'twice') serve(asked);
      const reply = serve(asked);
      const isText = reply.headers['content-type'] === 'application/xml';
      const said = isText ? Buffer.from(this.rewritten(reply.body.toString())) : reply.body;
      return { ...reply, headers: { ...about, ...reply.headers }, body: said };
    } catch (error) {
      if (!(error instanceof OssError)) throw error;
      const text = Buffer.from(errorXml(error, about['x-oss-request-id'], request.headers.host ?? ''));
      const headers = { ...about, ...error.headers };
      if (call.method === 'HEAD')
        return {
          status: error.status,
          headers: { ...headers, 'x-oss-err': text.toString('base64') },
          body: Buffer.alloc(0),
        };
      return { status: error.status, headers: { ...headers, 'content-type': 'application/xml' }, body: text };
    }
  }

  #nowMs(): number {
    return Date.now() + this.clockOffsetMs;
  }

  /** Whoever shows a token has the keys that came with it. */
  #signerOf({ headers }: OssCall): { readonly accessId: string; readonly accessKey: string } {
    const token = headers['x-oss-security-token'];
    if (token === undefined) return this;
    const found = [...this.temporary.values()].find((keys) => keys.token === token);
    if (!found) throw new OssError(403, 'InvalidSecurityToken', 'The security token you provided is invalid.');
    if (this.#nowMs() >= found.endsMs)
      throw new OssError(403, 'SecurityTokenExpired', `The security token ${token} has expired.`);
    return found;
  }

  #callOf(request: IncomingMessage): OssCall {
    const { pathname, searchParams } = new URL(`http://host${request.url ?? '/'}`);
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const path = decodeURIComponent(pathname).slice(1);
    const named = /^([a-z0-9][a-z0-9-]*)\.oss-/.exec(host)?.[1];
    const slash = path.indexOf('/');
    const [bucket, key] =
      named !== undefined ? [named, path] : slash < 0 ? [path, ''] : [path.slice(0, slash), path.slice(slash + 1)];
    const query = new Map(searchParams);
    return { method: request.method ?? 'GET', bucket, key, query, headers: request.headers, status: 0 };
  }

  #faultFor(call: OssCall): OssFault | null {
    const found = this.faults.find(({ times, on }) => times > 0 && (on?.(call) ?? true));
    if (found) found.times -= 1;
    return found ?? null;
  }
}

/** The whole body; null when it never came, then the connection is gone or stalled. */
async function received(request: IncomingMessage, fault: OssFault | null): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= (fault?.bytes ?? 0)) continue;
      if (fault?.kind === 'cutUp') {
        request.socket.destroy();
        return null;
      }
      if (fault?.kind === 'stallUp') {
        request.pause();
        await new Promise((resolve) => request.socket.once('close', resolve));
        return null;
      }
    }
  } catch {
    return null;
  }
  const announced = request.headers['content-length'];
  if (announced !== undefined && Number(announced) !== length) return null;
  const body = Buffer.concat(chunks);
  if (fault?.kind === 'damage' && body.length > 0) body[body.length >> 1]! ^= 1;
  return body;
}

async function send(response: ServerResponse, { status, headers, body }: OssReply, fault: OssFault | null) {
  const length = headers['content-length'] ?? String(body.length);
  response.writeHead(status, status === 204 ? headers : { ...headers, 'content-length': length });
  if (fault?.kind === 'cutDown' || fault?.kind === 'stallDown') {
    response.write(body.subarray(0, fault.bytes ?? 0));
    if (fault.kind === 'stallDown') return;
    // Let the first bytes reach the other side.
    for (let i = 0; i < 5; i++) await turn();
    response.socket?.destroy();
    return;
  }
  response.end(body);
}
