import type { Clock } from '../base/clock.ts';
import type { Grant } from '../tenants/tenant-account.ts';

/** A session as the others see it: a row of SHOW PROCESSLIST, and how it is ended. */
export interface Process {
  readonly threadId: number;
  readonly user: string;
  readonly tenantId: number;
  readonly tenantName: string;
  /** `address:port` of the client. */
  readonly peer: string;
  readonly database: string | null;
  readonly command: 'Sleep' | 'Query' | 'Prepare' | 'Execute';
  /** When the present command began or the last one ended, microseconds since 1970. */
  readonly sinceUs: number;
  /** The running statement with its secrets masked, null while idle. */
  readonly statement: string | null;
  /** How long it may be idle now; in a transaction that may be less. */
  readonly idleLimitMs: number;
  /** Ends the running statement. */
  interrupt(): void;
  /** Ends the session. */
  turnOut(): void;
  /** It was idle for too long. */
  expire(): void;
  /** The tenant's accounts changed: reads the grants of its own one again. */
  refreshGrants(find: (user: string, host: string) => readonly Grant[] | null): void;
}

/** The sessions of a server by thread id. */
export class SessionRegistry {
  readonly #sessions = new Map<number, Process>();
  readonly #clock: Clock;
  readonly #steadyMs: () => number;
  readonly #stopping = new AbortController();

  /** `steadyMs` is a clock nobody sets. */
  constructor(clock: Clock, steadyMs = () => performance.now()) {
    this.#clock = clock;
    this.#steadyMs = steadyMs;
    void this.#sweep();
  }

  add(process: Process): void {
    this.#sessions.set(process.threadId, process);
  }

  remove(threadId: number): void {
    this.#sessions.delete(threadId);
  }

  get(threadId: number): Process | null {
    return this.#sessions.get(threadId) ?? null;
  }

  list(): readonly Process[] {
    return [...this.#sessions.values()];
  }

  /** Ends every session that logged in to a tenant or works in it. */
  endTenant(tenantId: number): void {
    for (const session of this.list()) if (session.tenantId === tenantId) session.turnOut();
  }

  /** Ends the watch over idle sessions. */
  stop(): void {
    this.#stopping.abort();
  }

  /**
   * Turns out who was idle for longer than its wait_timeout, whatever happens to the wall clock meanwhile. One timer serves all
   * sessions.
   */
  async #sweep(): Promise<void> {
    const { signal } = this.#stopping;
    const idle = new WeakMap<Process, { readonly sinceUs: number; readonly fromMs: number }>();
    let lastMs = this.#steadyMs();
    while (!signal.aborted) {
      await this.#clock.sleep(sweepMs, signal).catch(() => undefined);
      if (signal.aborted) return;
      const nowMs = this.#steadyMs();
      const nowUs = this.#clock.nowUs();
      for (const session of this.list()) {
        if (session.command !== 'Sleep') continue;
        const { sinceUs } = session;
        let seen = idle.get(session);
        if (seen?.sinceUs !== sinceUs) {
          // It has become idle since the last look.
          const ageMs = Math.min(Math.max(0, (nowUs - sinceUs) / 1000), nowMs - lastMs);
          seen = { sinceUs, fromMs: nowMs - ageMs };
          idle.set(session, seen);
        }
        if (nowMs - seen.fromMs > session.idleLimitMs) session.expire();
      }
      lastMs = nowMs;
    }
  }
}

const sweepMs = 1_000;
