import { Mutex } from '../../base/mutex.ts';
import { fileError } from '../file-errors.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import { mergedParts, mergePaceMs } from './limits.ts';
import { partsKey } from './names.ts';
import { addPart, findParts, type Part, type PartedObject, putPart } from './parts.ts';
import { removeOne } from './publish.ts';
import type { CifsRoot } from './root.ts';
import { type Spool, withSpool } from './spool.ts';

/** Opens an object that grows part by part. An object that is one file becomes the first part of it. */
export async function cifsAppend(
  root: CifsRoot,
  key: string,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AppendSink> {
  const found = (await findParts(root, key, signal)) ?? (await adopt(root, key, sizeBytes, signal));
  if (found.sizeBytes < sizeBytes)
    throw new MediumError('checksum', key, `has ${found.sizeBytes} bytes, ${sizeBytes} had been confirmed`);
  await cut(root, key, found, sizeBytes, signal);
  const turn = new Mutex();
  const merger = new Merger(root, key);
  let confirmed = sizeBytes;
  return {
    get sizeBytes() {
      return confirmed;
    },
    append: (bytes) =>
      turn.run(async () => {
        if (bytes.length === 0) return;
        await addPart(root, key, confirmed, bytes, signal).catch((error: unknown) => {
          if (!(error instanceof MediumError) || error.kind !== 'alreadyExists') throw error;
          throw new MediumError('io', key, `goes on behind ${confirmed}: somebody else writes to it`, error);
        });
        const start = confirmed;
        confirmed += bytes.length;
        await merger.added(start, bytes, signal);
      }),
    close: () => turn.run(() => undefined),
  };
}

/** The directory of an object that has none yet; a file of its name is moved in. */
async function adopt(
  root: CifsRoot,
  key: string,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<PartedObject> {
  const plain = await root.entry(key, signal);
  const empty = { chain: [], others: [], sizeBytes: 0, modifiedMs: 0 };
  if (plain?.directory) throw new MediumError('io', key, 'it is a directory');
  if ((plain?.sizeBytes ?? 0) < sizeBytes) return { ...empty, sizeBytes: plain?.sizeBytes ?? 0 };
  const first = `${partsKey(key)}/0`;
  await root.makeParents(first, signal);
  if (plain === null) return empty;
  await root.run(key, 'rename', `rename ${root.quoted(key)} ${root.quoted(first)}`, signal);
  return (await findParts(root, key, signal)) ?? empty;
}

/** Removes what lies behind the confirmed end, the last part first, and what never counted. */
async function cut(
  root: CifsRoot,
  key: string,
  { chain, others }: PartedObject,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const behind = chain.filter(({ start }) => start >= sizeBytes).map((part) => part.key);
  for (const partKey of [...others, ...behind.reverse()]) await removeOne(root, partKey, signal);
  const crossing = chain.find((part) => part.start < sizeBytes && part.start + part.sizeBytes > sizeBytes);
  if (crossing) await shorten(root, key, crossing, sizeBytes - crossing.start, signal);
}

async function shorten(
  root: CifsRoot,
  key: string,
  part: Part,
  sizeBytes: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  await withSpool(key, async (spool) => {
    await root.run(key, 'get', `get ${root.quoted(part.key)} ${spool.path}`, signal);
    await putPart(root, part.key, await bytesOf(key, spool, sizeBytes), 'replace', signal);
  });
}

async function bytesOf(key: string, spool: Spool, length: number): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafeSlow(length);
  try {
    const { bytesRead } = await spool.handle.read(bytes, 0, length, 0);
    if (bytesRead === length) return bytes;
  } catch (error) {
    throw fileError(key, error);
  }
  throw new MediumError('checksum', key, `a part has fewer than ${length} bytes`);
}

/** Operations and bytes of a merge: each part is read, and the whole is written. */
function mergeCost(sizeBytes: number): [operationCount: number, byteCount: number] {
  return [mergedParts + 1, 2 * sizeBytes];
}

interface Run {
  readonly start: number;
  readonly sizeBytes: number;
  /** How often its bytes were written together. */
  readonly level: number;
}

/** Largest part a merge makes. */
const mergedBytesMax = 8 * 1024 * 1024;

/** Makes one part of many, so that an object of many appends stays quick to read. What it fails at is left as it is. */
class Merger {
  readonly #root: CifsRoot;
  readonly #key: string;
  readonly #runs: Run[] = [];
  #stopped = false;

  constructor(root: CifsRoot, key: string) {
    this.#root = root;
    this.#key = key;
  }

  async added(start: number, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    this.#runs.push({ start, sizeBytes: bytes.length, level: 0 });
    while (!this.#stopped && this.#mergeable()) {
      const last = this.#runs.splice(-mergedParts);
      try {
        this.#runs.push(await this.#merge(last, signal));
      } catch {
        // The append stands. Parts are read as well one by one.
        this.#stopped = true;
      }
    }
  }

  #mergeable(): boolean {
    const last = this.#runs.slice(-mergedParts);
    const sizeBytes = last.reduce((sum, run) => sum + run.sizeBytes, 0);
    return (
      last.length === mergedParts &&
      sizeBytes <= mergedBytesMax &&
      last.every(({ level }) => level === last[0]?.level) &&
      this.#root.debts.spanMs(...mergeCost(sizeBytes)) <= mergePaceMs
    );
  }

  async #merge(runs: readonly Run[], signal: AbortSignal | undefined): Promise<Run> {
    const [first] = runs;
    if (!first) throw new Error('nothing to merge');
    const bytes: Uint8Array[] = [];
    for (const { start, sizeBytes } of runs)
      await withSpool(this.#key, async (spool) => {
        const partKey = `${partsKey(this.#key)}/${start}`;
        await this.#root.run(this.#key, 'get', `get ${this.#root.quoted(partKey)} ${spool.path}`, signal);
        bytes.push(await bytesOf(this.#key, spool, sizeBytes));
      });
    const whole = Buffer.concat(bytes);
    this.#root.debts.owe(...mergeCost(whole.length));
    await putPart(this.#root, `${partsKey(this.#key)}/${first.start}`, whole, 'replace', signal);
    for (const { start } of runs.slice(1)) await removeOne(this.#root, `${partsKey(this.#key)}/${start}`, signal);
    return { start: first.start, sizeBytes: whole.length, level: first.level + 1 };
  }
}
