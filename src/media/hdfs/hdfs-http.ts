import { readFileSync } from 'node:fs';
import { Agent, type IncomingHttpHeaders, type IncomingMessage, request as plainRequest } from 'node:http';
import { Agent as TlsAgent, request as tlsRequest } from 'node:https';
import { rootCertificates } from 'node:tls';
import { MediumError } from '../medium.ts';
import { idleMs, socketsMax } from './hdfs-limits.ts';

export interface HttpAsked {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  /** What errors name. */
  readonly key: string;
  readonly body?: Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A longer reply is an error and not read to its end. */
  readonly replyBytes: number;
}

export interface HttpReply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** The request was not sent: whatever it asks for was not done. */
export class NotSent extends MediumError {}

const neverSent: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
]);

/** Sends single requests over connections of its own; follows nothing, repeats nothing. */
export class HdfsHttp {
  readonly #tls: boolean;
  readonly #caFile: string | undefined;
  readonly #agents = new Map<string, Agent>();

  constructor(tls: boolean, caFile: string | undefined) {
    this.#tls = tls;
    this.#caFile = caFile;
  }

  async send(asked: HttpAsked): Promise<HttpReply> {
    const { method, url, key, body, signal } = asked;
    const tls = url.protocol === 'https:';
    if (this.#tls && !tls) throw new MediumError('denied', key, `${url.host}: an address without TLS was given`);
    const agent = this.#agentOf(url.protocol);
    return new Promise((resolve, reject) => {
      const headers = {
        'content-length': body?.length ?? 0,
        ...(body === undefined ? {} : { 'content-type': 'application/octet-stream' }),
      };
      const outgoing = (tls ? tlsRequest : plainRequest)(url, { method, agent, timeout: idleMs, headers });
      const cancel = () => outgoing.destroy(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
      outgoing.on('timeout', () =>
        outgoing.destroy(new MediumError('timeout', key, `${url.host}: nothing came or went for ${idleMs} ms`)),
      );
      const fail = (error: unknown) => reject(connectionError(key, url.host, error));
      outgoing.on('error', fail);
      let answered = false;
      outgoing.on('response', (incoming) => {
        answered = true;
        incoming.on('error', fail);
        collect(incoming, asked).then(resolve, (error: unknown) => {
          fail(error);
          outgoing.destroy();
        });
      });
      outgoing.on('close', () => {
        signal?.removeEventListener('abort', cancel);
        // Behind a reply it closes before the last bytes of it were taken.
        if (!answered) fail(new MediumError('network', key, `${url.host}: the connection was closed`));
      });
      if (signal?.aborted) cancel();
      else signal?.addEventListener('abort', cancel, { once: true });
      outgoing.end(body);
    });
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  #authorities(): { readonly ca?: string[] } {
    if (this.#caFile === undefined) return {};
    try {
      return { ca: [...rootCertificates, readFileSync(this.#caFile, 'utf8')] };
    } catch (error) {
      throw new MediumError(
        'denied',
        '',
        `ca_file: ${error instanceof Error && 'code' in error ? error.code : 'unreadable'}`,
      );
    }
  }

  #agentOf(protocol: string): Agent {
    const known = this.#agents.get(protocol);
    if (known) return known;
    const options = { keepAlive: true, maxSockets: socketsMax };
    const made = protocol === 'https:' ? new TlsAgent({ ...options, ...this.#authorities() }) : new Agent(options);
    this.#agents.set(protocol, made);
    return made;
  }
}

const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)_/;

async function collect(incoming: IncomingMessage, { key, url, replyBytes }: HttpAsked): Promise<HttpReply> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > replyBytes) throw new MediumError('io', key, `${url.host}: the reply is longer than was asked for`);
    chunks.push(chunk);
  }
  if (!incoming.complete) throw new MediumError('network', key, `${url.host}: the reply was cut`);
  return { status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks, length) };
}

/** Addresses hold the token: an error names the server only. */
function connectionError(key: string, server: string, error: unknown): MediumError {
  if (error instanceof MediumError) return error;
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'broken';
  const detail = `${server}: ${code.slice(0, 60)}`;
  if (untrusted.test(code)) return new MediumError('denied', key, detail);
  if (neverSent.has(code)) return new NotSent('network', key, detail);
  return new MediumError(code === 'ETIMEDOUT' ? 'timeout' : 'network', key, detail);
}
