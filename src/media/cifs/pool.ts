import type { Clock } from '../../base/clock.ts';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import { Turns } from '../turns.ts';
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
  readonly #places = new Turns(sessionsMax);
  #idle: AbortController | null = null;
  #closed = false;

  constructor(address: CifsAddress, clock: Clock) {
    this.address = address;
    this.clock = clock;
  }

  /** Runs `work` with a session of its own. A session whose connection has died is not used again. */
  async use<T>(key: string, signal: AbortSignal | undefined, work: (session: SmbSession) => Promise<T>): Promise<T> {
    return this.#places.take(key, signal, async () => {
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
    });
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
}
