import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { answerS3, checkBody, type S3Answer, type S3Ask } from './s3-answers.ts';
import { type S3FaultDeed, S3Faults, type S3Operation } from './s3-faults.ts';
import { S3Refusal } from './s3-refusal.ts';
import { verifySignature } from './s3-signature.ts';
import { S3Bucket } from './s3-store.ts';
import type { TemporaryKeys } from './sts-double.ts';

export interface S3DoubleOptions {
  /** Buckets there from the beginning; `bucket` when left out. */
  readonly buckets?: readonly string[];
  /** `Host: <bucket>.<domain>` names a bucket; without it only path style is known. */
  readonly domain?: string;
  readonly region?: string;
  /** The smallest part that is not the last; 5 MiB as on S3. */
  readonly minPartBytes?: number;
  /** Speaks TLS with this key and certificate, PEM. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
}

/** What every test client may use. */
export const s3Keys = { accessId: 'AKIADOUBLE', accessKey: 'double/secret+key' } as const;

/**
 * A strict S3 on loopback: verifies signatures, payload hashes, Content-MD5 and CRC32, keeps objects in memory and shows
 * nothing partial. Faults are planned through `faults`; the other switches may be set at any time.
 */
export class S3Double {
  readonly faults = new S3Faults();
  /** Every request that was understood: operation and key, with the status of its answer (0: none). */
  readonly requests: { readonly operation: S3Operation; readonly key: string; status: number }[] = [];
  readonly buckets = new Map<string, S3Bucket>();
  /** Added to the machine's clock. */
  skewMs = 0;
  pageLimit = 1000;
  /** What becomes of the text of a good answer. */
  rewritten = (body: string): string => body;
  completeIgnoresCondition = false;
  putIgnoresCondition = false;
  /** The region all buckets are in when it is not that of this endpoint: every request is sent away. */
  elsewhere: string | null = null;
  /** Keys that begin so are AccessDenied. */
  deniedPrefix: string | null = null;
  readonly keys: Record<string, string> = { [s3Keys.accessId]: s3Keys.accessKey };
  /** Keys of roles by their id; a token service's `given`. */
  temporary: ReadonlyMap<string, TemporaryKeys> = new Map();
  readonly minPartBytes: number;
  readonly region: string;
  readonly #domain: string | null;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #requestNo = 0;

  private constructor(options: S3DoubleOptions) {
    this.region = options.region ?? 'us-east-1';
    this.minPartBytes = options.minPartBytes ?? 5 * 1024 * 1024;
    this.#domain = options.domain ?? null;
    for (const name of options.buckets ?? ['bucket']) this.buckets.set(name, new S3Bucket());
    const serve = (request: IncomingMessage, response: ServerResponse) => void this.#serve(request, response);
    this.#server = options.tls ? createTlsServer(options.tls, serve) : createServer(serve);
    this.#server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    });
  }

  static async start(options: S3DoubleOptions = {}): Promise<S3Double> {
    const double = new S3Double(options);
    await new Promise<void>((resolve) => double.#server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get openSockets(): number {
    return this.#sockets.size;
  }

  nowMs(): number {
    return Date.now() + this.skewMs;
  }

  bucket(name = 'bucket'): S3Bucket {
    const found = this.buckets.get(name);
    if (!found) throw new S3Refusal(404, 'NoSuchBucket');
    return found;
  }

  /** How often an operation was asked for. */
  count(operation: S3Operation): number {
    return this.requests.filter((request) => request.operation === operation).length;
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const requestId = `double-${++this.#requestNo}`;
    let deed: S3FaultDeed | null = null;
    let answer: S3Answer;
    let note: { status: number } = { status: 0 };
    try {
      const { operation, bucketName, key, query } = this.#understand(request);
      const entry = { operation, key, status: 0 };
      note = entry;
      this.requests.push(entry);
      deed = this.faults.meet(operation, key);
      if (deed?.deed === 'stall') return;
      const payloadHash = verifySignature(request, this);
      if (deed?.deed === 'refuse') throw new S3Refusal(deed.status, deed.code);
      if (this.elsewhere !== null)
        throw new S3Refusal(301, 'PermanentRedirect', `<Endpoint>s3.${this.elsewhere}.test</Endpoint>`, {
          'x-amz-bucket-region': this.elsewhere,
        });
      if (this.deniedPrefix !== null && key.startsWith(this.deniedPrefix)) throw new S3Refusal(403, 'AccessDenied');
      const ask: S3Ask = { request, operation, bucketName, bucket: this.bucket(bucketName), key, query };
      const body = await this.#receive(request, deed);
      if (body === null) return;
      if (deed?.deed === 'garbage')
        return this.#send(request, response, { status: deed.status, body: deed.body }, requestId, deed);
      checkBody(ask, body, payloadHash);
      answer = answerS3(ask, body, this);
      if (deed?.deed === 'duplicate') answer = answerS3(ask, body, this);
      if (typeof answer.body === 'string') answer = { ...answer, body: this.rewritten(answer.body) };
    } catch (error) {
      if (!(error instanceof S3Refusal)) throw error;
      answer = {
        status: error.status,
        headers: { 'content-type': 'application/xml', ...error.headers },
        body: error.document(requestId),
      };
    }
    note.status = answer.status;
    if (deed?.deed === 'loseReply') request.socket.destroy();
    else this.#send(request, response, answer, requestId, deed);
  }

  #understand(request: IncomingMessage) {
    const url = new URL(`http://double${request.url ?? '/'}`);
    const path = decodeURIComponent((request.url ?? '/').split('?')[0] ?? '/').slice(1);
    const host = (request.headers.host ?? '').replace(/:\d+$/, '');
    const virtual = this.#domain !== null && host.endsWith(`.${this.#domain}`);
    const cut = path.indexOf('/');
    const bucketName = virtual ? host.slice(0, -`.${this.#domain}`.length) : cut < 0 ? path : path.slice(0, cut);
    const key = virtual ? path : cut < 0 ? '' : path.slice(cut + 1);
    return {
      operation: operationOf(request.method ?? '', key, url.searchParams),
      bucketName,
      key,
      query: url.searchParams,
    };
  }

  /** The whole body; null when the connection ended before it. */
  async #receive(request: IncomingMessage, deed: S3FaultDeed | null): Promise<Buffer | null> {
    if (request.method === 'PUT' && request.headers['content-length'] === undefined)
      throw new S3Refusal(411, 'MissingContentLength');
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        if (deed?.deed === 'cutUpload' && length >= deed.afterBytes) {
          request.socket.resetAndDestroy();
          return null;
        }
      }
    } catch {
      return null;
    }
    const body = Buffer.concat(chunks, length);
    if (deed?.deed === 'flipUpload' && body.length > 0) body[body.length >> 1]! ^= 1;
    return body;
  }

  #send(
    request: IncomingMessage,
    response: ServerResponse,
    answer: S3Answer,
    requestId: string,
    deed: S3FaultDeed | null,
  ): void {
    const body = Buffer.from(answer.body ?? '');
    if (deed?.deed === 'flipDownload' && body.length > 0) body[body.length >> 1]! ^= 1;
    response.setHeader('date', new Date(this.nowMs()).toUTCString());
    response.setHeader('x-amz-request-id', requestId);
    response.writeHead(answer.status, { ...answer.headers, 'content-length': String(body.length) });
    if (request.method === 'HEAD') response.end();
    else if (deed?.deed === 'cutDownload')
      response.write(body.subarray(0, deed.afterBytes), () => setImmediate(() => request.socket.destroy()));
    else if (deed?.deed === 'stallDownload') response.write(body.subarray(0, deed.afterBytes));
    else response.end(body);
    // A refusal before the body was read: the rest is taken and thrown away.
    request.resume();
  }
}

function operationOf(method: string, key: string, query: URLSearchParams): S3Operation {
  const has = (name: string) => query.has(name);
  const found = key === '' ? bucketOperation(method, has) : objectOperation(method, has);
  if (found === null) throw new S3Refusal(501, 'NotImplemented');
  return found;
}

function bucketOperation(method: string, has: (name: string) => boolean): S3Operation | null {
  if (method === 'HEAD') return 'HeadBucket';
  if (method === 'POST' && has('delete')) return 'DeleteObjects';
  if (method === 'GET' && has('uploads')) return 'ListMultipartUploads';
  return method === 'GET' && has('list-type') ? 'ListObjectsV2' : null;
}

function objectOperation(method: string, has: (name: string) => boolean): S3Operation | null {
  switch (method) {
    case 'PUT':
      return has('tagging') ? 'PutObjectTagging' : has('partNumber') ? 'UploadPart' : 'PutObject';
    case 'GET':
      return has('tagging') ? 'GetObjectTagging' : has('uploadId') ? 'ListParts' : 'GetObject';
    case 'HEAD':
      return 'HeadObject';
    case 'DELETE':
      return has('uploadId') ? 'AbortMultipartUpload' : 'DeleteObject';
    case 'POST':
      return has('uploads') ? 'CreateMultipartUpload' : has('uploadId') ? 'CompleteMultipartUpload' : null;
    default:
      return null;
  }
}
