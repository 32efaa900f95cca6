import { fault } from '../base/errors.ts';
import { tenantEngineOf } from '../jobs/tenant-engine-of.ts';
import type { EngineSession } from '../tenants/engine-session.ts';
import type { SessionHost } from './session-host.ts';
import { ensureSysEngine } from './sys-engine.ts';

/** A session's place in the engine of the tenant it works in: taken with the first statement that needs it. */
export class EngineSeat {
  readonly #host: SessionHost;
  readonly #threadId: number;
  #taking: Promise<EngineSession> | null = null;
  #taken: EngineSession | null = null;
  #over = false;
  /** The statement that waits for the place was ended. */
  #interrupted = false;

  constructor(host: SessionHost, threadId: number) {
    this.#host = host;
    this.#threadId = threadId;
  }

  /** The engine session when there is one already. */
  get current(): EngineSession | null {
    return this.#taken;
  }

  /** Ends what runs there, or what waits for the place. */
  interrupt(): void {
    if (this.#taken) this.#taken.interrupt();
    else this.#interrupted = true;
  }

  async take(tenantId: number): Promise<EngineSession> {
    if (this.#taken) return this.#taken;
    this.#interrupted = false;
    const session = await this.#sit(tenantId);
    if (this.#interrupted) throw fault('OB_ERR_QUERY_INTERRUPTED');
    return session;
  }

  async #sit(tenantId: number): Promise<EngineSession> {
    this.#taking ??= this.#open(tenantId);
    const taking = this.#taking;
    try {
      const session = await taking;
      if (this.#over) {
        await session.close();
        throw fault('OB_SESSION_KILLED');
      }
      this.#taken = session;
      return session;
    } catch (error) {
      if (this.#taking === taking) this.#taking = null;
      throw error;
    }
  }

  /** Ends what runs there, rolls back what is open and gives the place back. */
  async leave(): Promise<void> {
    const taking = this.#taking;
    this.#taking = null;
    this.#taken = null;
    const session = await taking?.catch(() => null);
    session?.interrupt();
    await session?.close();
  }

  /** As `leave`, and nothing is opened any more. */
  close(): Promise<void> {
    this.#over = true;
    return this.leave();
  }

  async #open(tenantId: number): Promise<EngineSession> {
    const { controller } = this.#host;
    await ensureSysEngine(controller, tenantId);
    const engine = await tenantEngineOf(controller, tenantId);
    return engine.openSession(this.#threadId);
  }
}
