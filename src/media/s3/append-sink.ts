import { Mutex } from '../../base/mutex.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import { PartMerger } from './append-merge.ts';
import { type AppendPart, formatContent, formatKey, joinParts, partKey, partsFromPrefix } from './append-parts.ts';
import { type AppendedObject, appendedReader, findAppended } from './appended.ts';
import type { S3Connection } from './connection.ts';
import { headObject, newWriteId, putObject } from './objects.ts';
import { objectPages } from './pages.ts';
import { removeExactly } from './remove.ts';

/**
 * Opens an object that grows by a part for each append, and drops what lies behind `sizeBytes`. `checksum` when it is shorter,
 * `unsupported` when an object of one piece has the name.
 */
export async function openAppendSink(
  connection: S3Connection,
  key: string,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<AppendSink> {
  const [single, found] = await Promise.all([
    headObject(connection, key, signal),
    findAppended(connection, key, signal),
  ]);
  if (single !== null) throw new MediumError('unsupported', key, 'it is an object of one piece and cannot grow');
  if ((found?.sizeBytes ?? 0) < sizeBytes)
    throw new MediumError('checksum', key, `has ${found?.sizeBytes ?? 0} bytes, ${sizeBytes} had been confirmed`);
  if (!found?.hasFormat) await putFormat(connection, key, signal);
  const parts = found ? await dropTail(connection, key, found, sizeBytes, signal) : [];
  const joined = joinParts(parts);
  const covered = parts.filter((part) => !joined.includes(part));
  return appendSink(connection, key, sizeBytes, new PartMerger(connection, key, joined, covered), signal);
}

async function putFormat(connection: S3Connection, key: string, signal?: AbortSignal): Promise<void> {
  try {
    await putObject(connection, formatKey(key), formatContent, 'create', signal);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}

/**
 * Bytes behind the confirmed end were never promised to anybody. What stays is whole before anything is taken away. Resolves with the
 * parts that stay.
 */
async function dropTail(
  connection: S3Connection,
  key: string,
  found: AppendedObject,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<readonly AppendPart[]> {
  const dropped = found.parts.filter(({ to }) => to > sizeBytes).sort((a, b) => b.from - a.from);
  const stays = found.parts.filter(({ to }) => to <= sizeBytes);
  if (dropped.length === 0) return stays;
  const kept = joinParts(stays).at(-1)?.to ?? 0;
  if (kept < sizeBytes) {
    const rest = { key: partKey(key, kept, sizeBytes), from: kept, to: sizeBytes };
    const bytes = await appendedReader(connection, key, found, signal)(kept, sizeBytes - kept);
    await putObject(connection, rest.key, bytes, 'replace', signal);
    stays.push(rest);
  }
  await removeExactly(
    connection,
    dropped.map((part) => part.key),
    signal,
  );
  return stays;
}

function appendSink(
  connection: S3Connection,
  key: string,
  confirmedBytes: number,
  merger: PartMerger,
  signal: AbortSignal | undefined,
): AppendSink {
  const turn = new Mutex();
  /** Parts that may have come into being although we were told otherwise. */
  const ghosts = new Map<string, string>();
  let sizeBytes = confirmedBytes;
  let closed = false;
  const layGhosts = async () => {
    for (const [name, writeId] of [...ghosts]) {
      if ((await headObject(connection, name, signal))?.writeId === writeId)
        await removeExactly(connection, [name], signal);
      ghosts.delete(name);
    }
  };
  return {
    get sizeBytes() {
      return sizeBytes;
    },
    append: (bytes) =>
      turn.run(async () => {
        if (closed) throw new Error(`${key} was already closed`);
        if (bytes.length === 0) return;
        await layGhosts();
        await Promise.all([
          checkFree(connection, key, sizeBytes, signal),
          checkUnmerged(connection, key, merger.last, signal),
        ]);
        const name = partKey(key, sizeBytes, sizeBytes + bytes.length);
        const writeId = newWriteId();
        try {
          await putObject(connection, name, bytes, 'create', signal, writeId);
        } catch (error) {
          if (!isTaken(error)) ghosts.set(name, writeId);
          throw error;
        }
        merger.added({ key: name, from: sizeBytes, to: sizeBytes + bytes.length }, bytes);
        sizeBytes += bytes.length;
      }),
    close: () =>
      turn.run(async () => {
        closed = true;
        await merger.end();
      }),
  };
}

/** A part of another length that begins here has another name: a second writer was faster. */
async function checkFree(connection: S3Connection, key: string, from: number, signal?: AbortSignal): Promise<void> {
  const ask = { prefix: connection.at(partsFromPrefix(key, from)), key, delimited: false, limit: 1 };
  for await (const page of objectPages(connection, ask, signal)) {
    if ((page.Contents ?? []).length > 0)
      throw new MediumError('alreadyExists', key, `somebody else went on with it at ${from}`);
    return;
  }
}

/** Once a second writer has merged what he went on with, no part begins here any more; then the one in front is gone as well. */
async function checkUnmerged(
  connection: S3Connection,
  key: string,
  last: AppendPart | null,
  signal?: AbortSignal,
): Promise<void> {
  if (last !== null && (await headObject(connection, last.key, signal)) === null)
    throw new MediumError('alreadyExists', key, `somebody else has merged it up to ${last.to}`);
}

function isTaken(error: unknown): boolean {
  return error instanceof MediumError && error.kind === 'alreadyExists';
}
