import { MediumError, type ObjectHead } from '../medium.ts';
import { inParallel } from '../parallel.ts';
import { type AppendPart, formatKey, joinParts, parsePartName, partsPrefix, piecesOf } from './append-parts.ts';
import type { S3Connection } from './connection.ts';
import { appendPartsMax, requestsAtOnce } from './limits.ts';
import { readRange } from './objects.ts';
import { objectPages } from './pages.ts';

/** An object that lies in parts, as it was when it was looked at. */
export interface AppendedObject extends ObjectHead {
  /** What it is made of, in order. */
  readonly joined: readonly AppendPart[];
  /** Every part there is, also those that are covered or behind a gap. */
  readonly parts: readonly AppendPart[];
  /** Keys of everything that belongs to it but its format mark, which is `formatKey`. */
  readonly keys: readonly string[];
  readonly hasFormat: boolean;
}

/** Looks for the parts of an object; null when there are none. */
export async function findAppended(
  connection: S3Connection,
  key: string,
  signal?: AbortSignal,
): Promise<AppendedObject | null> {
  const root = connection.address.prefix;
  const parts: AppendPart[] = [];
  const keys: string[] = [];
  let hasFormat = false;
  let modifiedMs = 0;
  const ask = { prefix: connection.at(partsPrefix(key)), key, delimited: false };
  for await (const page of objectPages(connection, ask, signal)) {
    for (const { Key = '', LastModified } of page.Contents ?? []) {
      const found = Key.slice(root.length);
      const range = parsePartName(found.slice(key.length + 1));
      if (range) parts.push({ key: found, ...range });
      if (found === formatKey(key)) hasFormat = true;
      else keys.push(found);
      modifiedMs = Math.max(modifiedMs, LastModified?.getTime() ?? 0);
    }
    if (parts.length > appendPartsMax) throw new MediumError('unsupported', key, `more than ${appendPartsMax} parts`);
  }
  if (!hasFormat && parts.length === 0) return null;
  const joined = joinParts(parts);
  return { joined, parts, keys, hasFormat, modifiedMs, sizeBytes: joined.at(-1)?.to ?? 0 };
}

/** Reads bytes across the parts; looks for them anew when they were merged since. `checksum` when the object ends before. */
export function appendedReader(
  connection: S3Connection,
  key: string,
  found: Pick<AppendedObject, 'joined' | 'sizeBytes'>,
  signal?: AbortSignal,
): (offset: number, length: number) => Promise<Uint8Array> {
  const { sizeBytes } = found;
  let { joined } = found;
  return async (offset, length) => {
    if (offset + length > sizeBytes)
      throw new MediumError('checksum', key, `ends at ${sizeBytes}, bytes up to ${offset + length} were asked for`);
    for (let attempt = 1; ; attempt++) {
      try {
        return await readPieces(connection, piecesOf(joined, offset, offset + length), length, signal);
      } catch (error) {
        if (!(error instanceof MediumError && error.kind === 'notFound')) throw error;
        const now = attempt === 1 ? await findAppended(connection, key, signal) : null;
        if (now === null || now.sizeBytes < sizeBytes)
          throw new MediumError('checksum', key, `the part ${error.key.slice(key.length + 1)} is missing`);
        joined = now.joined;
      }
    }
  };
}

/** Reads pieces of parts into their places; `notFound` names a part that is not there. */
export async function readPieces(
  connection: S3Connection,
  pieces: ReturnType<typeof piecesOf>,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const bytes = Buffer.allocUnsafe(length);
  await inParallel(pieces, requestsAtOnce, async (piece) => {
    bytes.set(await readRange(connection, piece.key, piece.offset, piece.length, signal), piece.at);
  });
  return bytes;
}
