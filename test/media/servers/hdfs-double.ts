import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type HdfsNode, HdfsRefusal, HdfsTree } from './hdfs-tree.ts';

/** Something the double does wrong, `times` times, to requests with the operation `on`. */
export interface HdfsFault {
  readonly kind: 'cutUpload' | 'shorten' | 'cutDownload' | 'stall' | 'refuse' | 'loseReply' | 'loseRequest';
  times: number;
  readonly on?: string;
  /** Which of two steps; both unless given. */
  readonly step?: 'name' | 'data';
  readonly afterBytes?: number;
  readonly exception?: string;
}

interface Ticket {
  readonly op: string;
  readonly path: string;
  readonly query: URLSearchParams;
}

interface Answer {
  readonly status: number;
  readonly json?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * WebHDFS as a medium meets it: two NameNodes, of which one is active, and a DataNode that only takes tickets a NameNode gave out,
 * each once; or HttpFS, one server that sends to itself and knows no options of RENAME.
 */
export class HdfsDouble {
  readonly tree: HdfsTree;
  readonly faults: HdfsFault[] = [];
  /** Operations the NameNodes were asked for, with the node. */
  readonly seen: string[] = [];
  readonly user = 'backup';
  readonly token = 'HAAEdG9rZW4tb2YtdGhlLWRvdWJsZQ';
  /** Entries of a page of a listing. */
  pageLimit = 1000;
  skewMs = 0;
  /** Index of the active NameNode; -1: none is. */
  active = 0;
  /** A standby hands out tickets too; the DataNode finds out. */
  lateStandby = false;
  /** What tickets are redeemed at, when it is not the DataNode itself. */
  dataNode: string | null = null;
  /** Operations this release does not know. */
  readonly unknown = new Set<string>();
  readonly gateway: boolean;
  readonly #servers: (Server | null)[] = [];
  readonly #ports: number[] = [];
  readonly #tickets = new Map<string, Ticket & { readonly standby: boolean }>();

  constructor(gateway: boolean) {
    this.gateway = gateway;
    this.tree = new HdfsTree(() => Date.now() + this.skewMs);
  }

  static async start(options: { readonly gateway?: boolean } = {}): Promise<HdfsDouble> {
    const double = new HdfsDouble(options.gateway ?? false);
    for (let i = 0; i < (double.gateway ? 1 : 3); i++) await double.startNode(i);
    return double;
  }

  /** `a:p,b:p` as the option `namenode` has it. */
  get nameNodes(): string {
    return this.#ports
      .slice(0, this.gateway ? 1 : 2)
      .map((port) => `127.0.0.1:${port}`)
      .join();
  }

  portOf(index: number): number {
    return this.#ports[index] ?? 0;
  }

  /** Node 2 is the DataNode. */
  async startNode(index: number): Promise<void> {
    const server = createServer((request, response) => {
      const { socket } = request;
      this.#serve(index, request, response).catch((error: unknown) => {
        socket.destroy();
        if (error !== gone) throw error;
      });
    });
    await new Promise<void>((resolve) => server.listen(this.#ports[index] ?? 0, '127.0.0.1', resolve));
    this.#ports[index] = (server.address() as AddressInfo).port;
    this.#servers[index] = server;
  }

  async stopNode(index: number): Promise<void> {
    const server = this.#servers[index];
    this.#servers[index] = null;
    server?.closeAllConnections();
    if (server) await new Promise((resolve) => server.close(resolve));
  }

  async stop(): Promise<void> {
    for (const index of this.#servers.keys()) await this.stopNode(index);
  }

  count(op: string): number {
    return this.seen.filter((one) => one.endsWith(` ${op}`)).length;
  }

  #take(kinds: readonly HdfsFault['kind'][], op: string, step: 'name' | 'data'): HdfsFault | undefined {
    const found = this.faults.find(
      (one) => one.times > 0 && kinds.includes(one.kind) && (one.on ?? op) === op && (one.step ?? step) === step,
    );
    if (found) found.times -= 1;
    return found;
  }

  async #serve(index: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://double');
    const isData = this.gateway ? url.searchParams.get('data') === 'true' : index === 2;
    const ticket = isData ? this.#redeem(url) : null;
    const op = ticket?.op ?? url.searchParams.get('op') ?? '';
    const step = isData ? 'data' : 'name';
    if (!isData) this.seen.push(`${index} ${op}`);
    let answer: Answer;
    try {
      if (this.#take(['loseRequest'], op, step)) return void request.socket.destroy();
      if (this.#take(['stall'], op, step)) return;
      const refused = this.#take(['refuse'], op, step);
      if (refused) throw new HdfsRefusal(refused.exception ?? 'RetriableException');
      answer = isData ? await this.#data(ticket, request, url) : await this.#name(index, op, request, url);
    } catch (error) {
      if (!(error instanceof HdfsRefusal)) throw error;
      const { exception, message, status } = error;
      const javaClassName = `org.apache.hadoop.${exception}`;
      answer = { status, json: { RemoteException: { exception, javaClassName, message } } };
    }
    if (this.#take(['loseReply'], op, step)) return void request.socket.destroy();
    this.#send(request, response, answer, this.#take(['cutDownload'], op, step)?.afterBytes);
  }

  #send(request: IncomingMessage, response: ServerResponse, answer: Answer, cutAfterBytes: number | undefined): void {
    const body =
      answer.bytes ?? (answer.json === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(answer.json)));
    const date = new Date(Date.now() + this.skewMs).toUTCString();
    response.writeHead(answer.status, { date, 'content-length': body.length, ...answer.headers });
    if (cutAfterBytes === undefined) return void response.end(body);
    response.write(body.subarray(0, cutAfterBytes), () => request.socket.destroy());
  }

  async #name(index: number, op: string, request: IncomingMessage, url: URL): Promise<Answer> {
    if (Number(request.headers['content-length'] ?? 0) > 0) throw new HdfsRefusal('IllegalArgumentException', 'data');
    this.#checkIdentity(url.searchParams);
    const path = decodeURIComponent(url.pathname.slice('/webhdfs/v1'.length)) || '/';
    const standby = !this.gateway && index !== this.active;
    const hasData = ['CREATE', 'APPEND', 'OPEN'].includes(op);
    if (standby && !(hasData && this.lateStandby))
      throw new HdfsRefusal('StandbyException', 'not supported in state standby');
    if (this.unknown.has(op))
      throw new HdfsRefusal('IllegalArgumentException', `Invalid value for parameter "op": ${op}`);
    if (!hasData) return { status: 200, ...namespaceCall(this, op, `${request.method}`, path, url.searchParams) };
    if (!standby) this.#prepare(op, path, url.searchParams);
    const id = randomBytes(12).toString('hex');
    this.#tickets.set(id, { op, path, query: url.searchParams, standby });
    const dataNode = this.dataNode ?? `http://127.0.0.1:${this.#ports[this.gateway ? 0 : 2]}`;
    const location = `${dataNode}/webhdfs/v1${encodeURI(path)}?op=${op}&ticket=${id}&data=true`;
    return { status: 307, headers: { location } };
  }

  /** What the NameNode itself looks at before it names a DataNode. */
  #prepare(op: string, path: string, query: URLSearchParams): void {
    if (op === 'CREATE') return;
    const { bytes } = this.tree.file(path);
    if (op === 'OPEN' && Number(query.get('offset') ?? 0) >= Math.max(bytes.length, 1))
      throw new HdfsRefusal('IOException', 'Offset out of the range of the file');
  }

  #redeem(url: URL): (Ticket & { readonly standby: boolean }) | null {
    const id = url.searchParams.get('ticket') ?? '';
    const found = this.#tickets.get(id) ?? null;
    this.#tickets.delete(id);
    return found;
  }

  async #data(ticket: (Ticket & { standby: boolean }) | null, request: IncomingMessage, url: URL): Promise<Answer> {
    if (!ticket) throw new HdfsRefusal('InvalidToken', `the ticket of ${url.pathname} is not valid`);
    if (this.gateway && ticket.op !== 'OPEN' && request.headers['content-type'] !== 'application/octet-stream')
      throw new HdfsRefusal('IllegalArgumentException', 'Data upload requests must have content-type octet-stream');
    const { op, path, query } = ticket;
    if (ticket.standby) throw new HdfsRefusal('StandbyException', 'not supported in state standby');
    if (op === 'OPEN') {
      const [offset, length] = [Number(query.get('offset') ?? 0), query.get('length')];
      const { bytes } = this.tree.file(path);
      return { status: 200, bytes: bytes.subarray(offset, length === null ? undefined : offset + Number(length)) };
    }
    const node = op === 'CREATE' ? this.tree.create(path, query.get('overwrite') === 'true') : this.tree.file(path);
    await this.#receive(node, request, this.#take(['cutUpload'], op, 'data'));
    const short = this.#take(['shorten'], op, 'data');
    if (short) node.bytes = node.bytes.subarray(0, short.afterBytes);
    return { status: op === 'CREATE' ? 201 : 200 };
  }

  /** What came stays, also when the rest does not come. */
  async #receive(node: HdfsNode, request: IncomingMessage, cut: HdfsFault | undefined): Promise<void> {
    const chunks: Buffer[] = [];
    let length = 0;
    try {
      for await (const chunk of request as AsyncIterable<Buffer>) {
        chunks.push(chunk);
        length += chunk.length;
        if (cut?.afterBytes !== undefined && length >= cut.afterBytes) break;
      }
    } catch {
      // The writer has gone.
    }
    const came = Buffer.concat(chunks);
    this.tree.append(node, cut ? came.subarray(0, cut.afterBytes) : came);
    if (cut || !request.complete) throw gone;
  }

  #checkIdentity(query: URLSearchParams): void {
    const token = query.get('delegation');
    if (token !== null && token !== this.token)
      throw new HdfsRefusal('InvalidToken', `token (${token}) can't be found`);
    if (token === null && query.get('user.name') !== this.user)
      throw new HdfsRefusal('AccessControlException', `Permission denied: user=${query.get('user.name')}`);
  }
}

/** The connection is to be closed without an answer. */
const gone = Symbol('gone');

const methods: Readonly<Record<string, string>> = {
  GETFILESTATUS: 'GET',
  LISTSTATUS: 'GET',
  LISTSTATUS_BATCH: 'GET',
  GETSTATUS: 'GET',
  MKDIRS: 'PUT',
  RENAME: 'PUT',
  DELETE: 'DELETE',
  TRUNCATE: 'POST',
  CONCAT: 'POST',
};

function namespaceCall(double: HdfsDouble, op: string, method: string, path: string, query: URLSearchParams) {
  const { tree } = double;
  if (methods[op] !== method) throw new HdfsRefusal('IllegalArgumentException', `${op} is not a ${method}`);
  const statusOf = (name: string, at: string) => {
    const { type, bytes, modifiedMs } = tree.get(at);
    return { pathSuffix: name, type, length: bytes.length, modificationTime: modifiedMs, owner: double.user };
  };
  switch (op) {
    case 'GETFILESTATUS':
      return { json: { FileStatus: statusOf('', path) } };
    case 'LISTSTATUS':
    case 'LISTSTATUS_BATCH': {
      const isFile = tree.get(path).type === 'FILE';
      const after = query.get('startAfter') ?? '';
      const names = isFile ? [''] : tree.children(path).filter((name) => name > after);
      const limit = op === 'LISTSTATUS' ? names.length : double.pageLimit;
      const FileStatus = names.slice(0, limit).map((name) => statusOf(name, name === '' ? path : `${path}/${name}`));
      if (op === 'LISTSTATUS') return { json: { FileStatuses: { FileStatus } } };
      const remainingEntries = Math.max(0, names.length - limit);
      return { json: { DirectoryListing: { partialListing: { FileStatuses: { FileStatus } }, remainingEntries } } };
    }
    case 'GETSTATUS':
      return { json: { FsStatus: { used: 1, remaining: 5_000_000_000_000, capacity: 9_000_000_000_000 } } };
    case 'MKDIRS':
      tree.makeDirectory(path);
      return { json: { boolean: true } };
    case 'RENAME': {
      const destination = query.get('destination') ?? '';
      if (double.gateway || query.get('renameoptions') !== 'OVERWRITE')
        return { json: { boolean: tree.rename(path, destination) } };
      tree.replace(path, destination);
      return {};
    }
    case 'DELETE':
      return { json: { boolean: tree.remove(path, query.get('recursive') === 'true') } };
    case 'TRUNCATE': {
      const node = tree.file(path);
      node.bytes = node.bytes.subarray(0, Number(query.get('newlength')));
      return { json: { boolean: true } };
    }
    default:
      tree.join(path, (query.get('sources') ?? '').split(','));
      return {};
  }
}
