import { type IncomingMessage, request as plainRequest } from 'node:http';
import { request as tlsRequest } from 'node:https';
import type { Clock } from '../../base/clock.ts';
import { errnoOf } from '../file-errors.ts';
import { MediumError, type MediumErrorKind } from '../medium.ts';
import { stsReplyBytes } from './limits.ts';

/** One request to a service that hands out keys. */
export interface KeyRequest {
  /** What errors call it: `AssumeRole on sts.example.net`. */
  readonly about: string;
  readonly url: string;
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Certificates that are believed; those the system trusts when left out. */
  readonly ca?: readonly string[];
  readonly deadlineMs: number;
}

export interface KeyReply {
  readonly status: number;
  readonly text: string;
  /** The service's clock. */
  readonly dateMs: number | null;
}

/**
 * Sends a request once, over a connection of its own, and takes whatever is answered. Errors: `timeout` after `deadlineMs`,
 * `unavailable` (nobody listens), `denied` (a certificate that is not believed), `network`.
 */
export async function exchange(asked: KeyRequest, clock: Clock): Promise<KeyReply> {
  const { about, url, method, headers, body, ca, deadlineMs } = asked;
  const [late, done] = [new AbortController(), new AbortController()];
  clock.sleep(deadlineMs, done.signal).then(
    () => late.abort(),
    () => undefined,
  );
  try {
    return await new Promise<KeyReply>((resolve, reject) => {
      const options = { method, headers, agent: false, signal: late.signal, ...(ca && { ca: [...ca] }) };
      const outgoing = (url.startsWith('https:') ? tlsRequest : plainRequest)(url, options, (incoming) => {
        collect(incoming).then((text) => {
          const dateMs = Date.parse(incoming.headers.date ?? '');
          resolve({ status: incoming.statusCode ?? 0, text, dateMs: Number.isNaN(dateMs) ? null : dateMs });
        }, reject);
      });
      outgoing.on('error', reject);
      outgoing.end(body);
    });
  } catch (error) {
    if (late.signal.aborted) throw new MediumError('timeout', '', `${about}: no answer within ${deadlineMs} ms`);
    const code = errnoOf(error);
    throw new MediumError(kindOfErrno(code), '', `${about}: ${code || 'the connection broke'}`);
  } finally {
    done.abort();
  }
}

async function collect(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > stsReplyBytes) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

const certificate = /CERT|SELF_SIGNED|UNABLE_TO_(?:VERIFY|GET)_/;

function kindOfErrno(code: string): MediumErrorKind {
  if (certificate.test(code)) return 'denied';
  if (code === 'ECONNREFUSED') return 'unavailable';
  return code === 'ETIMEDOUT' ? 'timeout' : 'network';
}
