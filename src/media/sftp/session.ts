import type { Client, SFTPWrapper } from 'ssh2';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import { Turns } from '../turns.ts';
import { replyError } from './errors.ts';
import { requestsInFlight } from './limits.ts';

type Done<T> = (error: Error | undefined | null, value?: T) => void;
export type Start<T> = (sftp: SFTPWrapper, done: Done<T>) => void;

/**
 * One logged-in connection. A request is answered, or fails with `network` when the connection ends, or with `cancelled`
 * when its caller has gone; the protocol cannot take a request back, so what was sent may still be carried out.
 */
export class SftpSession {
  readonly #client: Client;
  readonly #sftp: SFTPWrapper;
  readonly #pending = new Set<(error: Error) => void>();
  readonly #carried = new Turns(requestsInFlight);
  readonly #onIdle: () => void;
  #ended: MediumError | null = null;
  readonly extensions: ReadonlySet<string>;

  constructor(client: Client, sftp: SFTPWrapper, onIdle: () => void) {
    this.#client = client;
    this.#sftp = sftp;
    this.#onIdle = onIdle;
    const { _extensions } = sftp as unknown as { readonly _extensions?: Readonly<Record<string, string>> };
    this.extensions = new Set(Object.keys(_extensions ?? {}));
    const gone = () => this.end('the connection has ended');
    client.on('close', gone);
    sftp.on('close', gone);
    sftp.on('end', gone);
    sftp.on('error', gone);
  }

  get ended(): boolean {
    return this.#ended !== null;
  }

  get busy(): boolean {
    return this.#pending.size > 0;
  }

  /** Sends one request. `late` takes care of an answer that comes after its caller has gone. */
  async call<T>(
    key: string,
    step: string,
    signal: AbortSignal | undefined,
    start: Start<T>,
    late?: (value: T) => void,
  ): Promise<T> {
    checkSignal(key, signal);
    if (this.#ended) throw new MediumError('network', key, this.#ended.message.slice(0, 150));
    let stop: (() => void) | undefined;
    let settled = false;
    try {
      return await new Promise<T>((resolve, reject) => {
        const abort = () => reject(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
        const lost = () => reject(new MediumError('network', key, `${step}: the connection has ended`));
        stop = () => {
          settled = true;
          this.#pending.delete(lost);
          signal?.removeEventListener('abort', abort);
        };
        this.#pending.add(lost);
        signal?.addEventListener('abort', abort, { once: true });
        try {
          start(this.#sftp, (error, value) => {
            if (error) reject(replyError(key, step, error));
            else if (settled) late?.(value as T);
            else resolve(value as T);
          });
        } catch (error) {
          // A client that is closing throws at once.
          reject(replyError(key, step, error));
        }
      });
    } finally {
      stop?.();
      if (this.#pending.size === 0) this.#onIdle();
    }
  }

  /** As `call`, among the requests that carry data, of which only so many are under way at once. */
  carry<T>(key: string, step: string, signal: AbortSignal | undefined, start: Start<T>): Promise<T> {
    return this.#carried.take(key, signal, () => this.call(key, step, signal, start));
  }

  /** Gives the connection up; what is pending fails. */
  end(why: string): void {
    if (this.#ended) return;
    this.#ended = new MediumError('network', '', why);
    for (const lost of [...this.#pending]) lost(this.#ended);
    this.#client.end();
    this.#client.destroy();
  }
}
