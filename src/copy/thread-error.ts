import { type FaultData, faultData, faultText, ObError, reviveFault } from '../base/errors.ts';
import { MediumError, type MediumErrorKind } from '../media/medium.ts';
import { LogGapError } from '../tenants/tenant-engine.ts';

/** A copy thread that died or met a bug of ours; it says nothing of the bytes it was working on. */
export class ThreadFault extends ObError {
  constructor(what: string, cause?: unknown) {
    super('OB_ERR_UNEXPECTED', `copy thread ${what}`, cause);
  }
}

/** An error as plain data, to cross the border of a thread. */
export type ThreadErrorData =
  | { readonly kind: 'fault'; readonly fault: FaultData }
  | { readonly kind: 'medium'; readonly medium: MediumErrorKind; readonly key: string; readonly detail: string }
  | { readonly kind: 'gap'; readonly message: string }
  | { readonly kind: 'bug'; readonly message: string; readonly stack: string };

/** Takes an error apart; what is neither coded nor known is a bug and keeps its stack for the log. */
export function threadErrorData(error: unknown): ThreadErrorData {
  if (error instanceof ObError) return { kind: 'fault', fault: faultData(error) };
  if (error instanceof MediumError) return { kind: 'medium', medium: error.kind, key: error.key, detail: error.detail };
  if (error instanceof LogGapError) return { kind: 'gap', message: error.message };
  if (error instanceof Error) return { kind: 'bug', message: error.message, stack: error.stack ?? error.message };
  return { kind: 'bug', message: String(error), stack: String(error) };
}

/** The way back. A bug becomes a ThreadFault whose cause carries the other thread's stack. */
export function reviveThreadError(data: ThreadErrorData): Error {
  switch (data.kind) {
    case 'fault':
      return reviveFault(data.fault);
    case 'medium':
      return new MediumError(data.medium, data.key, data.detail);
    case 'gap':
      return new LogGapError(data.message);
    case 'bug':
      return new ThreadFault(`failed: ${data.message}`, new Error(data.stack));
  }
}

/** The medium's kind of a system error of a read or write, `io` when there is no better one. */
export function mediumKindOf(error: unknown): MediumErrorKind {
  switch ((error as NodeJS.ErrnoException | null)?.code) {
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return 'outOfSpace';
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return 'denied';
    case 'ETIMEDOUT':
      return 'timeout';
    case 'ENOENT':
      return 'notFound';
    default:
      return 'io';
  }
}

/** Turns a system error into a MediumError that names the object, the offset and what was tried. */
export function mediumErrorAt(error: unknown, object: string, offset: number, doing: string): Error {
  if (error instanceof MediumError || error instanceof ObError) return error;
  const code =
    (error as NodeJS.ErrnoException | null)?.code ?? (error instanceof Error ? error.message : String(error));
  return new MediumError(mediumKindOf(error), object, `${doing} at offset ${offset} failed with ${code}`, error);
}

/** Turns a failed read or write of the tenant's own files into a coded error; other errors pass. */
export function tenantErrorAt(error: unknown, doing: string): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof syscall !== 'string') return error;
  if (mediumKindOf(error) === 'outOfSpace')
    return faultText('OB_SERVER_OUTOF_DISK_SPACE', `Server out of disk space: ${doing} failed with ${code}`, error);
  return faultText('OB_IO_ERROR', `IO error: ${doing} failed with ${code}`, error);
}
