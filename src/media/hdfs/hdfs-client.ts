import type { Clock } from '../../base/clock.ts';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { MediumAddress } from '../open-medium.ts';
import { type NameNode, parseHdfsPath, parseNameNodes } from '../own-path.ts';
import { isStandby, readRefusal, refusalError } from './hdfs-errors.ts';
import { HdfsHttp, type HttpAsked, type HttpReply, NotSent } from './hdfs-http.ts';
import { answerBytes } from './hdfs-limits.ts';

export interface Ask {
  /** What errors name. */
  readonly key: string;
  /** Absolute, in the file system. */
  readonly path: string;
  readonly op: string;
  readonly method: HttpAsked['method'];
  readonly parameters?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Sent in the second step, to the server the first one names. */
  readonly body?: Uint8Array;
  /** Bytes come from the server the first step names; at most so many. */
  readonly bytesMax?: number;
  /** Asking it twice does no harm: it is asked of the next NameNode too when the connection to one breaks. */
  readonly repeatable?: boolean;
}

/**
 * Speaks WebHDFS to the NameNodes of a nameservice, or to HttpFS. One of the NameNodes is active: a standby, or one that cannot
 * be reached, sends us to the next. What has data goes in two steps: the NameNode names a DataNode, which gets or gives them;
 * a standby may give such a name too and is only found out by the DataNode, then the whole request is made again.
 */
export class HdfsClient {
  readonly clock: Clock;
  /** Replaces by a rename and takes its options; HttpFS does not. */
  readonly isGateway: boolean;
  readonly #nodes: readonly NameNode[];
  readonly #root: string;
  readonly #identity: readonly [string, string];
  readonly #protocol: 'http' | 'https';
  readonly #http: HdfsHttp;
  #active = 0;
  #lastTempUs = 0;

  constructor(address: MediumAddress, clock: Clock) {
    const place = parseHdfsPath(address.path);
    const nodes = parseNameNodes(address.options.namenode ?? '');
    if (place === null || nodes === null) throw new MediumError('noContainer', '', 'the address names no NameNode');
    const { accessId, accessKey } = address.authorization;
    const tls = address.options.tls === 'true';
    this.clock = clock;
    this.isGateway = address.options.gateway === 'httpfs';
    this.#nodes = nodes;
    const segments = place.directory.split('/').filter((segment) => segment !== '');
    if (segments.includes('.') || segments.includes('..'))
      throw new MediumError('invalidKey', '', 'the path has a segment of dots, which addresses leave out');
    this.#root = `/${segments.join('/')}`;
    this.#identity = accessKey === '' ? ['user.name', accessId] : ['delegation', accessKey];
    this.#protocol = tls ? 'https' : 'http';
    this.#http = new HdfsHttp(tls, address.options.ca_file);
  }

  /** Absolute path of a key, of the root for `''`. */
  at(key: string): string {
    return key === '' ? this.#root : `${this.#root === '/' ? '' : this.#root}/${key}`;
  }

  /** Microseconds that no other temporary name of this medium has. */
  tempUs(): number {
    this.#lastTempUs = Math.max(this.#lastTempUs + 1, this.clock.nowUs());
    return this.#lastTempUs;
  }

  close(): void {
    this.#http.close();
  }

  /** The reply to a request that was done. Throws MediumError. */
  async ask(ask: Ask): Promise<HttpReply> {
    let last: MediumError | null = null;
    for (let tried = 0; tried < this.#nodes.length; tried++) {
      const index = this.#active;
      const progress = { named: false };
      checkSignal(ask.key, ask.signal);
      try {
        const reply = await this.#askOne(this.#nodes[index] as NameNode, ask, progress);
        if (reply !== 'standby') return reply;
        last ??= new MediumError('unavailable', ask.key, 'none of the NameNodes is active');
      } catch (error) {
        const elsewhere = error instanceof NotSent || (ask.repeatable && !progress.named && isBroken(error));
        if (!(error instanceof MediumError) || !elsewhere) throw error;
        last = error;
      }
      // Others that failed at the same time have moved on already.
      if (this.#active === index) this.#active = (index + 1) % this.#nodes.length;
    }
    throw last ?? new MediumError('unavailable', ask.key, 'no NameNode');
  }

  async #askOne(node: NameNode, ask: Ask, progress: { named: boolean }): Promise<HttpReply | 'standby'> {
    const { key, signal, method, body, bytesMax } = ask;
    const hasData = body !== undefined || bytesMax !== undefined;
    const first = await this.#http.send({ method, url: this.#urlOf(node, ask), key, signal, replyBytes: answerBytes });
    if (!hasData || first.status >= 400) return this.#judge(serverOf(node), key, first);
    const url = this.#placeOf(node, key, first);
    progress.named = true;
    const second = await this.#http
      .send({ method, url, key, signal, body, replyBytes: Math.max(bytesMax ?? 0, 64 * 1024) })
      .catch((error: unknown) => {
        // The NameNode may be well: the DataNode could not be reached.
        throw error instanceof NotSent ? new MediumError('unavailable', key, error.message) : error;
      });
    return this.#judge(url.host, key, second);
  }

  #judge(server: string, key: string, reply: HttpReply): HttpReply | 'standby' {
    if (reply.status >= 200 && reply.status < 300) return reply;
    const refusal = readRefusal(reply.status, reply.body);
    if (isStandby(refusal)) return 'standby';
    throw refusalError(server, key, refusal);
  }

  #urlOf(node: NameNode, { path, op, parameters = {} }: Ask): URL {
    const url = new URL(`${this.#protocol}://${serverOf(node)}`);
    url.pathname = `/webhdfs/v1${path.split('/').map(encodeURIComponent).join('/')}`;
    url.searchParams.set('op', op);
    for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
    if (this.#identity[1] !== '') url.searchParams.set(...this.#identity);
    return url;
  }

  /** Where the data of a request go or come from. */
  #placeOf(node: NameNode, key: string, reply: HttpReply): URL {
    const text = reply.headers.location ?? '';
    const url = URL.canParse(text) ? new URL(text) : null;
    if (reply.status === 307 && (url?.protocol === 'http:' || url?.protocol === 'https:')) return url;
    throw new MediumError('io', key, `${serverOf(node)}: ${reply.status} without a place for the data`);
  }
}

function serverOf({ hostname, port }: NameNode): string {
  return `${hostname.includes(':') ? `[${hostname}]` : hostname}:${port}`;
}

function isBroken(error: unknown): boolean {
  return error instanceof MediumError && (error.kind === 'network' || error.kind === 'timeout');
}
