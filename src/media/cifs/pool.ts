import type { Clock } from '../../base/clock.ts';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { CifsAddress } from './address.ts';
import { endsConnection } from './errors.ts';
import { idleMs, sessionsMax } from './limits.ts';
import { SmbSession } from './session.ts';

/** The smbclient processes of a medium: started when they are needed, ended when nobody needs them. */
export class SmbPool {
  readonly address: CifsAddress;
  readonly clock: Clock;
  readonly #free: SmbSession[] = [];
  readonly #used = new Set<SmbSession>();
  readonly #waiting: (() => void)[] = [];
  #places = sessionsMax;
  #idle: AbortController | null = null;
  #closed = false;

  constructor(address: CifsAddress, clock: Clock) {
    this.address = address;
    this.clock = clock;
  }

  /** Runs `work` with a session of its own. A session whose connection has died is not used again. */
  async use<T>(key: string, signal: AbortSignal | undefined, work: (session: SmbSession) => Promise<T>): Promise<T> {
    if (this.#places === 0) await this.#turn(key, signal);
    else this.#places -= 1;
    try {
      const session = await this.take(key, signal);
      let broken = true;
      try {
        const result = await work(session);
        broken = false;
        return result;
      } catch (error) {
        broken = endsConnection(error);
        // Those that wait were connected to the same server.
        if (broken && !signal?.aborted) for (const waiting of this.#free.splice(0)) waiting.end();
        throw error;
      } finally {
        this.give(session, broken);
      }
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#places += 1;
    }
  }

  /** A session beside the others, for who holds it while others are needed; `give` takes it back. */
  async take(key: string, signal: AbortSignal | undefined): Promise<SmbSession> {
    checkSignal(key, signal);
    if (this.#closed) throw new MediumError('cancelled', key, 'the medium was closed');
    this.#idle?.abort();
    const session = this.#living() ?? (await SmbSession.open(this.address, signal));
    session.wake();
    this.#used.add(session);
    if (this.#closed) session.end();
    return session;
  }

  give(session: SmbSession, broken: boolean): void {
    this.#used.delete(session);
    if (broken || this.#closed || this.#free.length >= sessionsMax) session.end();
    if (session.ended) return;
    session.rest();
    this.#free.push(session);
    this.#rest();
  }

  close(): void {
    this.#closed = true;
    this.#idle?.abort();
    for (const session of [...this.#free.splice(0), ...this.#used]) session.end();
  }

  #living(): SmbSession | null {
    for (let session = this.#free.pop(); session; session = this.#free.pop()) if (!session.ended) return session;
    return null;
  }

  #rest(): void {
    this.#idle?.abort();
    const idle = new AbortController();
    this.#idle = idle;
    const end = () => {
      for (const session of this.#free.splice(0)) session.end();
    };
    this.clock.sleep(idleMs, idle.signal).then(end, () => undefined);
  }

  #turn(key: string, signal: AbortSignal | undefined): Promise<void> {
    checkSignal(key, signal);
    return new Promise((resolve, reject) => {
      const turn = () => {
        signal?.removeEventListener('abort', abort);
        resolve();
      };
      const abort = () => {
        this.#waiting.splice(this.#waiting.indexOf(turn), 1);
        reject(new MediumError('cancelled', key, 'the caller gave up', signal?.reason));
      };
      this.#waiting.push(turn);
      signal?.addEventListener('abort', abort, { once: true });
    });
  }
}
