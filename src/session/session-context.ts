import type { EngineSession } from '../tenants/engine-session.ts';
import type { Call, Client, MaybePromise } from './client.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Runnable } from './runnable.ts';
import type { SessionHost } from './session-host.ts';
import type { SessionState } from './session-state.ts';
import type { EngineContexts, LiveContext } from './statement-context.ts';

/** A session as its statements see it. */
export interface SessionContext {
  readonly host: SessionHost;
  readonly client: Client;
  readonly state: SessionState;
  readonly diagnostics: Diagnostics;
  readonly live: LiveContext;
  readonly contexts: EngineContexts;
  /** Statements of PREPARE by name, and those of the binary protocol by id. */
  readonly prepared: Map<string | number, Runnable>;
  /** The session in the tenant's engine, opened on first use. */
  engine(): Promise<EngineSession>;
  /** That session when there is one already. */
  readonly openEngine: EngineSession | null;
  /** Gives the engine session back: the tenant changes, or the engine lost it. */
  leaveEngine(): Promise<void>;
  /** Turns a text into something that runs; a text of several statements is refused. */
  understand(text: string): MaybePromise<Runnable>;
  run(runnable: Runnable, call: Call): MaybePromise<void>;
  /** Tells the wire what OK and EOF packets say. */
  showStatus(): void;
}
