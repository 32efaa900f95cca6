import type { Warning } from '../tenants/engine-session.ts';

/** Rows kept for SHOW WARNINGS; more are counted only. */
const mostRows = 64;

/**
 * What SHOW WARNINGS tells: the messages of the last statement that was not itself a question about them. A statement
 * collects in `pending`; `publish` makes that the answer.
 */
export class Diagnostics {
  #shown: readonly Warning[] = [];
  #pending: Warning[] = [];
  #count = 0;

  begin(): void {
    if (this.#pending.length > 0) this.#pending = [];
    this.#count = 0;
  }

  add(level: Warning['level'], code: number, message: string): void {
    this.#count++;
    if (this.#pending.length < mostRows) this.#pending.push({ level, code, message });
  }

  addAll(warnings: readonly Warning[]): void {
    for (const { level, code, message } of warnings) this.add(level, code, message);
  }

  /** Number of messages of the running statement: what its OK or EOF says. */
  get count(): number {
    return this.#count;
  }

  publish(): void {
    if (this.#pending.length === 0) {
      this.#shown = none;
      return;
    }
    this.#shown = this.#pending;
    this.#pending = [];
  }

  get shown(): readonly Warning[] {
    return this.#shown;
  }

  clear(): void {
    this.#shown = none;
    this.begin();
  }
}

const none: readonly Warning[] = [];
