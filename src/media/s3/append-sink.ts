import { Mutex } from '../../base/mutex.ts';
import { type AppendSink, MediumError } from '../medium.ts';
import { formatContent, formatKey, joinParts, partKey, partsFromPrefix } from './append-parts.ts';
import { type AppendedObject, findAppended, readAppended } from './appended.ts';
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
  if (found) await dropTail(connection, key, found, sizeBytes, signal);
  return appendSink(connection, key, sizeBytes, signal);
}

async function putFormat(connection: S3Connection, key: string, signal?: AbortSignal): Promise<void> {
  try {
    await putObject(connection, formatKey(key), formatContent, 'create', signal);
  } catch (error) {
    if (!isTaken(error)) throw error;
  }
}

/** Bytes behind the confirmed end were never promised to anybody. What stays is whole before anything is taken away. */
async function dropTail(
  connection: S3Connection,
  key: string,
  found: AppendedObject,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  const dropped = found.parts.filter(({ to }) => to > sizeBytes).sort((a, b) => b.from - a.from);
  if (dropped.length === 0) return;
  const kept = joinParts(found.parts.filter(({ to }) => to <= sizeBytes)).at(-1)?.to ?? 0;
  if (kept < sizeBytes) {
    const rest = await readAppended(connection, key, found, kept, sizeBytes - kept, signal);
    await putObject(connection, partKey(key, kept, sizeBytes), rest, 'replace', signal);
  }
  await removeExactly(
    connection,
    dropped.map((part) => part.key),
    signal,
  );
}

function appendSink(
  connection: S3Connection,
  key: string,
  confirmedBytes: number,
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
        await checkFree(connection, key, sizeBytes, signal);
        const name = partKey(key, sizeBytes, sizeBytes + bytes.length);
        const writeId = newWriteId();
        try {
          await putObject(connection, name, bytes, 'create', signal, writeId);
        } catch (error) {
          if (!isTaken(error)) ghosts.set(name, writeId);
          throw error;
        }
        sizeBytes += bytes.length;
      }),
    close: () =>
      turn.run(() => {
        closed = true;
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

function isTaken(error: unknown): boolean {
  return error instanceof MediumError && error.kind === 'alreadyExists';
}
