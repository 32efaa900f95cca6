import { checkSignal } from './file-errors.ts';
import { checkKey, checkPrefix } from './key.ts';
import { smallObjectBytes } from './limits.ts';
import { type ListEntry, type Medium, MediumError, type ObjectSource } from './medium.ts';

/** What a store may leave out: `checked` reads through `openObject`, has no directories to remove, and refuses tags. */
type Optional = 'read' | 'removeDirectory' | 'tag' | 'tagsOf';

/** What is special to one kind of store. It is asked for keys that may be, in the name of callers that are still there. */
export type BareMedium = Omit<Medium, 'list' | Optional> & Partial<Pick<Medium, Optional>>;

/**
 * A medium of what one kind of store does: keys, prefixes, signals and the size of small objects are looked at here, before the
 * store is asked; `list` is made of its pages.
 */
export function checked(bare: BareMedium): Medium {
  return {
    scheme: bare.scheme,
    abilities: bare.abilities,
    async putSmall(key, bytes, mode, signal) {
      check([key], signal);
      if (bytes.length > smallObjectBytes)
        throw new MediumError('unsupported', key, `${bytes.length} bytes are too many for a small object`);
      await bare.putSmall(key, bytes, mode, signal);
    },
    async createObject(key, signal) {
      check([key], signal);
      return bare.createObject(key, signal);
    },
    async openAppend(key, sizeBytes, signal, syncedBytes) {
      check([key], signal);
      return bare.openAppend(key, sizeBytes, signal, syncedBytes);
    },
    async read(key, offset, length, signal) {
      check([key], signal);
      if (bare.read) return bare.read(key, offset, length, signal);
      const source = await bare.openObject(key, signal);
      try {
        return await readFrom(source, key, offset, length);
      } finally {
        await source.close().catch(() => undefined);
      }
    },
    async openObject(key, signal) {
      check([key], signal);
      return bare.openObject(key, signal);
    },
    async head(key, signal) {
      check([key], signal);
      const found = await bare.head(key, signal);
      return found && { sizeBytes: found.sizeBytes, modifiedMs: found.modifiedMs };
    },
    async list(prefix, signal) {
      const all: ListEntry[] = [];
      for await (const page of pagesOf(bare, prefix, signal)) all.push(...page);
      return all.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
    },
    listPages: (prefix, signal) => pagesOf(bare, prefix, signal),
    async remove(keys, signal) {
      check(keys, signal);
      await bare.remove(keys, signal);
    },
    async removeDirectory(prefix, signal) {
      const cleaned = checkPrefix(prefix);
      checkSignal(cleaned, signal);
      await bare.removeDirectory?.(cleaned, signal);
    },
    async tag(keys, tags, signal) {
      check(keys, signal);
      if (!bare.tag) throw noTags(keys[0] ?? '');
      await bare.tag(keys, tags, signal);
    },
    async tagsOf(key, signal) {
      check([key], signal);
      if (!bare.tagsOf) throw noTags(key);
      return bare.tagsOf(key, signal);
    },
    async sweep(olderThanMs, kept, signal) {
      checkSignal('', signal);
      // They are compared only, and may be named as no key is: data paths of others.
      return bare.sweep(
        olderThanMs,
        kept.map((prefix) => prefix.replace(/\/$/, '')),
        signal,
      );
    },
    async status(signal) {
      checkSignal('', signal);
      return bare.status(signal);
    },
    close: () => bare.close(),
  };
}

/** `Medium.read` of an object that is open. Throws `checksum` when it ends before, `unsupported` when its rest is too much for one piece. */
export async function readFrom(source: ObjectSource, key: string, offset = 0, length?: number): Promise<Uint8Array> {
  if (length !== undefined) return source.read(offset, length);
  const rest = source.sizeBytes - offset;
  if (rest < 0) throw new MediumError('checksum', key, `ends at ${source.sizeBytes}, before offset ${offset}`);
  if (rest > smallObjectBytes) throw new MediumError('unsupported', key, `${rest} bytes are too many for one read`);
  return source.read(offset, rest);
}

async function* pagesOf(
  bare: BareMedium,
  prefix: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly ListEntry[]> {
  const cleaned = checkPrefix(prefix);
  checkSignal(cleaned, signal);
  for await (const page of bare.listPages(cleaned, signal)) {
    checkSignal(cleaned, signal);
    yield page;
  }
}

function check(keys: readonly string[], signal: AbortSignal | undefined): void {
  for (const key of keys) checkKey(key);
  checkSignal(keys[0] ?? '', signal);
}

function noTags(key: string): MediumError {
  return new MediumError('unsupported', key, 'files have no tags');
}
