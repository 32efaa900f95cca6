import { fileError } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import { statusError, statusIn } from './errors.ts';
import { chunkBytes, chunksMax } from './limits.ts';
import { launchSmbclient } from './program.ts';
import type { CifsRoot } from './root.ts';
import { openSpool, type Spool } from './spool.ts';

/**
 * Reads parts of objects. smbclient fetches whole objects, or the rest of one behind what is there already (`reget`); a part in the
 * middle is the rest of an object for a process whose files may grow only so far. Large objects are therefore read in chunks,
 * each in a spool of its own, of which a medium keeps the few used last.
 */
export class Chunks {
  readonly #root: CifsRoot;
  readonly #kept = new Map<string, Promise<Spool>>();
  /** Bytes of a chunk nobody has asked for, and so not paid for, yet. */
  readonly #unread = new WeakMap<Promise<Spool>, number>();
  /** Readers of a chunk, which is closed by the last of them once it was dropped. */
  readonly #readers = new Map<Promise<Spool>, number>();

  constructor(root: CifsRoot) {
    this.#root = root;
  }

  /** Fills `bytes` from `offset` on out of a file of `sizeBytes`, in which all of them lie. `id` names the source. */
  async read(
    { key, sizeBytes }: { readonly key: string; readonly sizeBytes: number },
    id: string,
    offset: number,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    const { length } = bytes;
    for (let done = 0; done < length; ) {
      const at = offset + done;
      const start = at - (at % chunkBytes);
      const end = Math.min(start + chunkBytes, sizeBytes);
      const count = Math.min(length - done, end - at);
      const chunk = this.#chunk(`${id} ${key} ${start}`, end - start, () =>
        fetchPart(this.#root, key, start, end, sizeBytes, signal),
      );
      await this.#reading(chunk, async ({ handle }) => {
        const { bytesRead } = await handle.read(bytes, done, count, at).catch((error: unknown) => {
          throw fileError(key, error);
        });
        this.#unread.set(chunk, (this.#unread.get(chunk) ?? 0) - count);
        if (bytesRead !== count) throw new MediumError('checksum', key, `ends before ${at + count}`);
      });
      done += count;
    }
  }

  /** Forgets the chunks of one source. */
  drop(id: string): void {
    for (const name of [...this.#kept.keys()]) if (name.startsWith(`${id} `)) this.#forget(name);
  }

  close(): void {
    for (const name of [...this.#kept.keys()]) this.#forget(name);
  }

  #chunk(name: string, sizeBytes: number, fetch: () => Promise<Spool>): Promise<Spool> {
    const kept = this.#kept.get(name);
    const chunk = kept ?? fetch();
    if (!kept) this.#unread.set(chunk, sizeBytes);
    // The last in the map is the one used last.
    this.#kept.delete(name);
    this.#kept.set(name, chunk);
    chunk.catch(() => {
      if (this.#kept.get(name) === chunk) this.#kept.delete(name);
    });
    for (const oldest of this.#kept.keys()) {
      if (this.#kept.size <= chunksMax) break;
      this.#forget(oldest);
    }
    return chunk;
  }

  async #reading(chunk: Promise<Spool>, body: (spool: Spool) => Promise<void>): Promise<void> {
    this.#readers.set(chunk, (this.#readers.get(chunk) ?? 0) + 1);
    try {
      await body(await chunk);
    } finally {
      const left = (this.#readers.get(chunk) ?? 1) - 1;
      if (left > 0) this.#readers.set(chunk, left);
      else {
        this.#readers.delete(chunk);
        if (![...this.#kept.values()].includes(chunk)) await closeSpool(chunk);
      }
    }
  }

  #forget(name: string): void {
    const chunk = this.#kept.get(name);
    this.#kept.delete(name);
    // What came beside the bytes somebody read, known only now.
    if (chunk) this.#root.debts.owe(0, Math.max(0, this.#unread.get(chunk) ?? 0));
    if (chunk && !this.#readers.has(chunk)) void closeSpool(chunk);
  }
}

async function closeSpool(chunk: Promise<Spool>): Promise<void> {
  await chunk.then(({ handle }) => handle.close()).catch(() => undefined);
}

/** Bytes `start` to `end` of an object, at these offsets of a spool that has a hole before them. */
async function fetchPart(
  root: CifsRoot,
  key: string,
  start: number,
  end: number,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<Spool> {
  const spool = await openSpool(key);
  try {
    if (start === 0 && end === sizeBytes) await root.run(key, 'get', `get ${root.quoted(key)} ${spool.path}`, signal);
    else await fetchMiddle(root, key, spool, start, end, signal);
    const found = (await spool.handle.stat()).size;
    if (found !== end) throw new MediumError('checksum', key, `${found} bytes came, there were ${end} before`);
    return spool;
  } catch (error) {
    await spool.handle.close().catch(() => undefined);
    throw fileError(key, error);
  }
}

/**
 * The kernel ends the process (SIGXFSZ) with the first byte behind `end`. Never in a session: behind the end of an object `reget`
 * (4.17) goes on asking and loses its connection over the answers. That and how the process ends says nothing: bytes come
 * one behind the other, so that a spool that ends at `end` has them all. The command comes in as a line: of `--command` smbclient
 * makes many at each `;`, also within quotes.
 */
async function fetchMiddle(
  root: CifsRoot,
  key: string,
  spool: Spool,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await spool.handle.truncate(start);
  const child = await launchSmbclient(root.pool.address, {
    before: ['prlimit', `--fsize=${end}`, '--core=0'],
    extra: spool.handle,
  });
  child.stdin?.end(`reget ${root.quoted(key)} /dev/fd/4\n`);
  let said = '';
  child.stderr?.on('data', (data: Buffer) => {
    said = (said + data.toString()).slice(-4_096);
  });
  const abort = () => void child.kill('SIGKILL');
  signal?.addEventListener('abort', abort, { once: true });
  if (signal?.aborted) abort();
  await new Promise((resolve) => child.once('close', resolve));
  signal?.removeEventListener('abort', abort);
  if (signal?.aborted) throw new MediumError('cancelled', key, 'the caller gave up', signal.reason);
  if ((await spool.handle.stat()).size === end) return;
  const status = statusIn(said.split('\n'));
  if (status !== '') throw statusError(key, 'get', status);
  if (child.exitCode !== 0) throw new MediumError('network', key, 'the reading process has ended');
}
