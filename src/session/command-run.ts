import type { Clock } from '../base/clock.ts';
import { ObError } from '../base/errors.ts';
import { maskSecrets } from '../sql/mask-secrets.ts';
import type { MaybePromise } from './client.ts';
import type { Diagnostics } from './diagnostics.ts';
import type { Process } from './session-registry.ts';

/** Characters of a statement SHOW PROCESSLIST looks at. */
const longestShown = 65_536;

/** What a session does at present: one command from its beginning to its end, with the messages it leaves. */
export class CommandRun {
  command: Process['command'] = 'Sleep';
  sinceUs = 0;
  /** Set by questions about the last statement's messages, which stay as they are. */
  keepsDiagnostics = false;
  readonly #clock: Clock;
  readonly #diagnostics: Diagnostics;
  readonly #told: (error: ObError) => ObError;
  #text: string | null = null;

  /** `told` makes of an error what this session's client reads. */
  constructor(clock: Clock, diagnostics: Diagnostics, told: (error: ObError) => ObError) {
    this.#clock = clock;
    this.#diagnostics = diagnostics;
    this.#told = told;
  }

  /** The statement being run without its secrets. */
  get statement(): string | null {
    return this.#text === null ? null : maskSecrets(this.#text.slice(0, longestShown));
  }

  /** A command or the next statement of one begins; returns the time. */
  begin(command: Process['command'], text: string): number {
    this.command = command;
    this.sinceUs = this.#clock.nowUs();
    this.#text = text;
    this.keepsDiagnostics = false;
    this.#diagnostics.begin();
    return this.sinceUs;
  }

  /** One of several statements has ended. */
  next(): void {
    if (!this.keepsDiagnostics) this.#diagnostics.publish();
  }

  /** The client gave a sign of life. */
  touch(): void {
    this.sinceUs = this.#clock.nowUs();
  }

  /** Runs what was begun; errors come out as the client reads them. */
  run<T>(work: () => MaybePromise<T>): MaybePromise<T> {
    try {
      const pending = work();
      if (pending instanceof Promise) {
        return pending.then(
          (value) => {
            this.#end();
            return value;
          },
          (error: unknown) => {
            throw this.#failed(error);
          },
        );
      }
      this.#end();
      return pending;
    } catch (error) {
      throw this.#failed(error);
    }
  }

  #end(): void {
    this.command = 'Sleep';
    this.#text = null;
    this.touch();
    this.next();
  }

  #failed(error: unknown): unknown {
    const told = error instanceof ObError ? this.#told(error) : error;
    if (told instanceof ObError) {
      this.keepsDiagnostics = false;
      if (error instanceof ObError && error.hint !== null) this.#diagnostics.add('Warning', told.errno, error.hint);
      this.#diagnostics.add('Error', told.errno, told.message);
    }
    this.#end();
    return told;
  }
}
