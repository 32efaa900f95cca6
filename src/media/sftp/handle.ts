import type { Stats } from 'ssh2';
import { MediumError } from '../medium.ts';
import { status, statusOf } from './errors.ts';
import { requestBytes, requestsInFlight } from './limits.ts';
import type { SftpRoot } from './root.ts';
import type { SftpSession } from './session.ts';

/** A file opened on one connection; worth nothing when that has ended. */
export interface SftpHandle {
  readonly session: SftpSession;
  readonly handle: Buffer;
  readonly key: string;
}

/** What SFTP's open may be asked for. */
export type OpenMode = 'read' | 'createNew' | 'openOrCreate';

const flags: Readonly<Record<OpenMode, number>> = { read: 0x01, createNew: 0x2a, openOrCreate: 0x0b };

/** Opens a file. A handle that arrives after the caller has gone is closed, and the new file it stands for removed. */
export async function openHandle(
  session: SftpSession,
  key: string,
  path: string,
  mode: OpenMode,
  signal?: AbortSignal,
): Promise<SftpHandle> {
  const opened = await session.call<Buffer>(
    key,
    'open',
    signal,
    (sftp, done) => sftp.open(path, flags[mode], 0o644, done),
    (late) => {
      closeHandle({ session, handle: late, key });
      if (mode === 'createNew') forgetPath(session, key, path);
    },
  );
  return { session, handle: opened, key };
}

function forgetPath(session: SftpSession, key: string, path: string): void {
  session.call<void>(key, 'unlink', undefined, (sftp, done) => sftp.unlink(path, done)).catch(() => undefined);
}

/** Nobody waits for it: what was to be made durable is by then. */
export function closeHandle({ session, handle, key }: SftpHandle): void {
  session.call<void>(key, 'close', undefined, (sftp, done) => sftp.close(handle, done)).catch(() => undefined);
}

export function syncHandle({ session, handle, key }: SftpHandle, signal?: AbortSignal): Promise<void> {
  return session.call<void>(key, 'fsync', signal, (sftp, done) => sftp.ext_openssh_fsync(handle, done));
}

export async function sizeOfHandle({ session, handle, key }: SftpHandle, signal?: AbortSignal): Promise<number> {
  return (await session.call<Stats>(key, 'fstat', signal, (sftp, done) => sftp.fstat(handle, done))).size;
}

export function truncateHandle(
  { session, handle, key }: SftpHandle,
  sizeBytes: number,
  signal?: AbortSignal,
): Promise<void> {
  return session.call<void>(key, 'truncate', signal, (sftp, done) => sftp.fsetstat(handle, { size: sizeBytes }, done));
}

/** Reads exactly `length` bytes, many requests at once; an object that ends before is `checksum`. */
export async function readExact(
  { session, handle, key }: SftpHandle,
  offset: number,
  length: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  // Not out of the pool: who keeps a small part must not keep its neighbours.
  const bytes = Buffer.allocUnsafeSlow(length);
  await inPieces(length, async (start, end) => {
    for (let at = start; at < end; ) {
      const want = end - at;
      const got = await session
        .carry<number>(key, 'read', signal, (sftp, done) =>
          sftp.read(handle, bytes, at, want, offset + at, (error, count) => done(error, count)),
        )
        .catch((error: unknown) => {
          if (error instanceof MediumError && statusOf(error.cause) === status.endOfFile) return 0;
          throw error;
        });
      if (got === 0) throw new MediumError('checksum', key, `ends before ${offset + end}, which was asked for`);
      at += got;
    }
  });
  return bytes;
}

/** Writes all of `bytes` at `offset`, many requests at once. */
export async function writeExact(
  root: SftpRoot,
  { session, handle, key }: SftpHandle,
  offset: number,
  bytes: Uint8Array,
  signal?: AbortSignal,
): Promise<void> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    await inPieces(buffer.length, async (start, end) => {
      await session.carry<void>(key, 'write', signal, (sftp, done) =>
        sftp.write(handle, buffer, start, end - start, offset + start, done),
      );
    });
  } catch (error) {
    throw await explainFailure(root, session, key, error, signal);
  }
}

/** SFTP has no reply for a full file system but `failure`: ask for the room that is left. */
export async function explainFailure(
  root: SftpRoot,
  session: SftpSession,
  key: string,
  error: unknown,
  signal?: AbortSignal,
): Promise<unknown> {
  if (!(error instanceof MediumError) || statusOf(error.cause) !== status.failure) return error;
  const free = await freeBytes(root, session, signal).catch(() => null);
  if (free === null || free > BigInt(requestBytes)) return error;
  return new MediumError('outOfSpace', key, `the server's file system has ${free} bytes left`, error);
}

/** Bytes an ordinary user may still write at the root; null where the server does not say, or there is no root. */
export async function freeBytes(root: SftpRoot, session: SftpSession, signal?: AbortSignal): Promise<bigint | null> {
  if (!session.extensions.has('statvfs@openssh.com')) return null;
  try {
    const found = await session.call<{ f_bavail: number; f_frsize: number }>('', 'statvfs', signal, (sftp, done) =>
      sftp.ext_openssh_statvfs(root.path, done),
    );
    return BigInt(found.f_bavail) * BigInt(found.f_frsize);
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'notFound') return null;
    throw error;
  }
}

/** Splits a length into requests and works on as many at once as a connection may have; the first error ends the rest. */
async function inPieces(length: number, work: (start: number, end: number) => Promise<void>): Promise<void> {
  let next = 0;
  let failed = false;
  const worker = async () => {
    while (next < length && !failed) {
      const start = next;
      next = Math.min(length, start + requestBytes);
      try {
        await work(start, next);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const workers = Math.min(requestsInFlight, Math.ceil(length / requestBytes));
  const ends = await Promise.allSettled(Array.from({ length: workers }, worker));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}
