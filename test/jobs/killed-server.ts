import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** How a child ended that was to kill itself at one of its points. */
export interface ChildEnd {
  readonly said: string;
  /** What it wrote on standard error when it ended otherwise than by the kill or in order. */
  readonly errors: string;
}

/** A server's directory that a child begins with again and again, and is killed at one point after the other. */
export class KilledServer {
  /** Where the child works, and the next server after it. */
  readonly directory: string;
  readonly #root: string;
  readonly #script: string;

  /** `script` stands beside the tests; it gets the directory, the point and what is handed to `run`. */
  constructor(script: string) {
    this.#root = mkdtempSync(join(tmpdir(), 'obvault-killed-'));
    this.directory = join(this.#root, 'live');
    this.#script = fileURLToPath(new URL(script, import.meta.url));
  }

  /** What the directory holds now is what every child begins with. */
  keep(): void {
    cpSync(this.directory, this.#template, { recursive: true });
  }

  /** The child on a fresh copy, killed at its n-th point; at none with 0. */
  run(at: number, ...more: readonly (string | number)[]): Promise<ChildEnd> {
    rmSync(this.directory, { recursive: true, force: true });
    cpSync(this.#template, this.directory, { recursive: true });
    const words = [this.#script, this.directory, String(at), ...more.map(String)];
    return new Promise((resolve) => {
      execFile(process.execPath, words, (error, said, stderr) => {
        const killed = error?.signal === 'SIGKILL';
        resolve({ said, errors: error !== null && !killed ? stderr || error.message : '' });
      });
    });
  }

  remove(): void {
    rmSync(this.#root, { recursive: true, force: true });
  }

  get #template(): string {
    return join(this.#root, 'template');
  }
}

/** The last number a child said behind that word; NaN when it said none. */
export function lastNumber({ said }: ChildEnd, word: string): number {
  return Number([...said.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].at(-1)?.[1]);
}
