import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type Answer, answerOf, type Operation, operationOf } from './cos-operations.ts';
import { refusedSignature, type Signer } from './cos-signature.ts';
import { CosStore, StoreError } from './cos-store.ts';

/** Something the double does wrong, `times` times, to requests that `on` and `key` name. */
export interface CosFault {
  readonly kind:
    | 'cutUpload'
    | 'cutDownload'
    | 'stall'
    | 'stallDownload'
    | 'refuse'
    | 'loseReply'
    | 'twice'
    | 'flip'
    | 'flipUpload'
    | 'late'
    | 'loseRequest';
  times: number;
  readonly on?: readonly Operation[];
  readonly key?: string;
  /** Bytes of the body that still pass before a cut or a stall. */
  readonly afterBytes?: number;
  /** Status and code of a refusal. */
  readonly status?: number;
  readonly code?: string;
}

export interface CosDoubleOptions {
  /** Buckets that exist, `<name>-<appid>`. */
  readonly buckets?: readonly string[];
  readonly signer?: Signer;
  readonly port?: number;
}

/**
 * The object store of Tencent as far as a medium needs it, strict: virtual-host form only, V5 signatures, Content-MD5, create-only,
 * append, multipart, versions, tags. Objects appear whole or not at all.
 */
export class CosDouble {
  readonly signer: Signer;
  readonly stores: ReadonlyMap<string, CosStore>;
  readonly faults: CosFault[] = [];
  /** Operations that arrived, signed rightly or not. */
  readonly seen: Operation[] = [];
  /** Most entries of a page. */
  pageLimit = 1000;
  /** What something in between answers with a good status in place of the service, null when a request passes. */
  inBetween: () => string | null = () => null;
  /** Clock of the server minus ours. */
  skewMs = 0;
  host = '';
  readonly #server: Server;
  #late: { readonly operation: Operation; readonly arrive: () => unknown } | null = null;

  constructor(options: CosDoubleOptions = {}) {
    this.signer = options.signer ?? { secretId: 'AKIDdouble', secretKey: 'a-secret-of-the-double' };
    const buckets = options.buckets ?? ['vault-1250000000'];
    this.stores = new Map(buckets.map((name) => [name, new CosStore(() => this.nowMs())]));
    this.#server = createServer((request, response) => {
      this.#serve(request, response).catch(() => request.socket.destroy());
    });
  }

  static async start(options: CosDoubleOptions = {}): Promise<CosDouble> {
    const double = new CosDouble(options);
    await new Promise<void>((resolve) => double.#server.listen(options.port ?? 0, '127.0.0.1', resolve));
    double.host = `127.0.0.1:${(double.#server.address() as AddressInfo).port}`;
    return double;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get store(): CosStore {
    const [first] = this.stores.values();
    if (!first) throw new Error('the double has no bucket');
    return first;
  }

  nowMs(): number {
    return Date.now() + this.skewMs;
  }

  count(operation: Operation): number {
    return this.seen.filter((one) => one === operation).length;
  }

  #take(kinds: readonly CosFault['kind'][], operation: Operation, key: string): CosFault | undefined {
    const found = this.faults.find(
      (one) =>
        one.times > 0 &&
        kinds.includes(one.kind) &&
        (one.on?.includes(operation) ?? true) &&
        (one.key === undefined || key.endsWith(one.key)),
    );
    if (found) found.times -= 1;
    return found;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const key = decodeURIComponent(url.pathname.slice(1));
    const operation = operationOf(request.method ?? '', key, url.searchParams, request.headers);
    this.seen.push(operation);
    const cut = this.#take(['cutUpload'], operation, key);
    const body = await readBody(request, cut?.afterBytes);
    if (body === null) return;
    if (body.length > 0 && this.#take(['flipUpload'], operation, key)) body[body.length >> 1]! ^= 1;
    if (this.#take(['loseRequest'], operation, key)) return void request.socket.destroy();
    if (this.#late?.operation === operation) {
      this.#late.arrive();
      this.#late = null;
    }
    // The connection breaks, and the request arrives all the same, just before the next one of its kind.
    if (this.#take(['late'], operation, key)) {
      this.#late = { operation, arrive: () => this.#answer(request, operation, key, url, body) };
      return void request.socket.destroy();
    }
    if (this.#take(['stall'], operation, key)) return;
    const foreign = this.inBetween();
    if (foreign !== null) return void response.writeHead(200).end(foreign);
    // A request that comes twice, and of which the second answer arrives.
    if (this.#take(['twice'], operation, key)) this.#answer(request, operation, key, url, body);
    const answer = this.#answer(request, operation, key, url, body);
    if (this.#take(['loseReply'], operation, key)) return void request.socket.destroy();
    this.#send(request, response, operation, key, answer);
  }

  #answer(request: IncomingMessage, operation: Operation, key: string, url: URL, body: Buffer): Answer {
    try {
      const refusal = this.#take(['refuse'], operation, key);
      if (refusal) throw new StoreError(refusal.status ?? 503, refusal.code ?? 'ServiceUnavailable');
      const { bucket, store } = this.#storeOf(request.headers.host ?? '');
      const refused = refusedSignature(request, `/${key}`, url.searchParams, this.signer, this.nowMs());
      if (refused) throw new StoreError(refused.status, refused.code, refused.message);
      const sum = request.headers['content-md5'];
      if (sum !== undefined && sum !== createHash('md5').update(body).digest('base64'))
        throw new StoreError(400, 'BadDigest', 'The Content-MD5 you specified did not match what we received.');
      const context = {
        store,
        bucket,
        key,
        query: url.searchParams,
        headers: request.headers,
        body,
        pageLimit: this.pageLimit,
      };
      return answerOf(operation, context);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      return { status: error.status, body: errorXml(error, key), headers: { 'content-type': 'application/xml' } };
    }
  }

  #storeOf(host: string) {
    const bucket = host.slice(0, host.indexOf('.'));
    if (host !== `${bucket}.${this.host}`) throw new StoreError(400, 'InvalidURI', 'The path form is not supported.');
    if (!/-\d+$/.test(bucket)) throw new StoreError(400, 'InvalidBucketName');
    const store = this.stores.get(bucket);
    if (!store) throw new StoreError(404, 'NoSuchBucket', 'The specified bucket does not exist.');
    return { bucket, store };
  }

  #send(request: IncomingMessage, response: ServerResponse, operation: Operation, key: string, answer: Answer): void {
    const body = typeof answer.body === 'string' ? Buffer.from(answer.body) : (answer.body ?? Buffer.alloc(0));
    response.writeHead(answer.status, {
      date: new Date(this.nowMs()).toUTCString(),
      'x-cos-request-id': 'NjVkb3VibGU=',
      'content-length': answer.headers?.['content-length'] ?? body.length,
      ...answer.headers,
    });
    if (request.method === 'HEAD') return void response.end();
    const broken =
      answer.status < 300 ? this.#take(['cutDownload', 'stallDownload', 'flip'], operation, key) : undefined;
    if (broken === undefined) return void response.end(body);
    if (broken.kind === 'flip') {
      const flipped = Buffer.from(body);
      if (flipped[0] !== undefined) flipped[0] ^= 1;
      return void response.end(flipped);
    }
    response.write(body.subarray(0, broken.afterBytes ?? 0), () => {
      if (broken.kind === 'cutDownload') request.socket.destroy();
    });
  }
}

/** Null when the body ended too soon, or was cut off here. */
async function readBody(request: IncomingMessage, cutAfterBytes: number | undefined): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  try {
    for await (const chunk of request) {
      chunks.push(chunk);
      length += chunk.length;
      if (cutAfterBytes !== undefined && length >= cutAfterBytes) {
        request.socket.destroy();
        return null;
      }
    }
  } catch {
    return null;
  }
  if (cutAfterBytes !== undefined) request.socket.destroy();
  return request.complete && cutAfterBytes === undefined ? Buffer.concat(chunks) : null;
}

function errorXml(error: StoreError, key: string): string {
  return `<?xml version='1.0' encoding='utf-8' ?>\n<Error>\n\t<Code>${error.code}</Code>\n\t<Message>${error.message}</Message>\n\t<Resource>/${key}</Resource>\n\t<RequestId>NjVkb3VibGU=</RequestId>\n\t<TraceId>OGVmYzZi</TraceId>\n</Error>\n`;
}
