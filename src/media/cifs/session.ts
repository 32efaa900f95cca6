import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import { checkSignal } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { CifsAddress } from './address.ts';
import { statusError, statusIn } from './errors.ts';
import { launchSmbclient } from './program.ts';

/** How `env` ends when there is no such program. */
const missingExit = 127;

/**
 * One smbclient that is logged in and takes a command at a time. The end of an answer is known by a word behind the command that
 * smbclient does not know and says so. What is cancelled in the middle ends the process: its answers would be out of step.
 */
export class SmbSession {
  readonly #child: ChildProcess;
  readonly #output: Readable;
  #rest = '';
  #words = 0;
  #ended = false;

  private constructor(child: ChildProcess, output: Readable) {
    this.#child = child;
    this.#output = output;
    child.once('exit', () => {
      this.#ended = true;
    });
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Logs in. Without a buffer in front of it, smbclient reads one line at a time and overlooks none. */
  static async open(address: CifsAddress, signal?: AbortSignal): Promise<SmbSession> {
    checkSignal('', signal);
    const child = await launchSmbclient(address, { before: ['stdbuf', '-i0'] });
    const output = child.stderr;
    if (!output) throw new Error('a child without standard error');
    const session = new SmbSession(child, output);
    try {
      await session.run('', 'log in', '', signal);
      return session;
    } catch (error) {
      session.end();
      throw error;
    }
  }

  /** Runs one command; its answer by line. Throws what the status in it means. */
  async run(key: string, step: string, command: string, signal?: AbortSignal): Promise<readonly string[]> {
    const lines: string[] = [];
    try {
      for await (const part of this.stream(key, command, signal)) lines.push(...part);
    } catch (error) {
      const why = statusIn(lines);
      throw why === '' || signal?.aborted ? error : statusError(key, step, why);
    }
    const status = statusIn(lines);
    if (status !== '') throw statusError(key, step, status);
    return lines;
  }

  /** As `run`, the answer as it comes; the status in it is for the caller to find. Who leaves early ends the session. */
  async *stream(key: string, command: string, signal?: AbortSignal): AsyncGenerator<readonly string[]> {
    checkSignal(key, signal);
    this.#words += 1;
    const word = `obv${this.#words}`;
    const abort = () => this.end();
    signal?.addEventListener('abort', abort, { once: true });
    let complete = false;
    try {
      if (command !== '') this.#child.stdin?.write(`${command}\n`);
      this.#child.stdin?.write(`${word}\n`);
      const end = `${word}: command not found`;
      for (;;) {
        const lines = await this.#lines();
        if (lines === null) throw this.#brokenOff(key, signal);
        const last = lines.indexOf(end);
        yield last < 0 ? lines : lines.slice(0, last);
        if (last < 0) continue;
        complete = true;
        return;
      }
    } finally {
      signal?.removeEventListener('abort', abort);
      if (!complete) this.end();
    }
  }

  /** Holds nothing up while nobody waits for it: neither the end of this program. */
  rest(): void {
    this.#child.unref();
    for (const stream of [this.#child.stdin, this.#child.stderr]) unrefStream(stream, 'unref');
  }

  wake(): void {
    this.#child.ref();
    for (const stream of [this.#child.stdin, this.#child.stderr]) unrefStream(stream, 'ref');
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#child.kill('SIGKILL');
  }

  /** Whole lines that have come, null when there will be no more. */
  async #lines(): Promise<string[] | null> {
    for (;;) {
      const chunk = this.#output.read() as Buffer | null;
      if (chunk !== null) {
        const lines = (this.#rest + chunk.toString('utf8')).split('\n');
        this.#rest = lines.pop() ?? '';
        if (lines.length > 0) return lines;
      } else if (this.#output.readableEnded || this.#output.destroyed) {
        if (this.#rest === '') return null;
        const last = this.#rest;
        this.#rest = '';
        return [last];
      } else await moreOf(this.#output);
    }
  }

  #brokenOff(key: string, signal: AbortSignal | undefined): MediumError {
    this.end();
    if (signal?.aborted) return new MediumError('cancelled', key, 'the caller gave up', signal.reason);
    if (this.#child.exitCode === missingExit)
      return new MediumError('unsupported', '', 'smbclient is not installed on this server');
    return new MediumError('network', key, 'the connection has ended');
  }
}

function moreOf(output: Readable): Promise<void> {
  return new Promise((resolve) => {
    const more = () => {
      for (const event of ['readable', 'end', 'close']) output.off(event, more);
      resolve();
    };
    for (const event of ['readable', 'end', 'close']) output.on(event, more);
  });
}

function unrefStream(stream: unknown, how: 'ref' | 'unref'): void {
  const socket = stream as Partial<Record<'ref' | 'unref', () => void>> | null;
  socket?.[how]?.();
}
