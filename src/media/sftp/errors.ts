import { MediumError, type MediumErrorKind } from '../medium.ts';

/** Status codes of SFTP version 3. */
export const status = { endOfFile: 1, noSuchFile: 2, denied: 3, failure: 4 } as const;

const ofStatus: Readonly<Record<number, readonly [MediumErrorKind, string]>> = {
  2: ['notFound', 'no such file'],
  3: ['denied', 'permission denied'],
  4: ['io', 'failure'],
  5: ['io', 'bad message'],
  6: ['network', 'no connection'],
  7: ['network', 'connection lost'],
  8: ['unsupported', 'operation unsupported'],
};

const ofErrno: Readonly<Record<string, MediumErrorKind>> = {
  ECONNREFUSED: 'unavailable',
  EHOSTDOWN: 'unavailable',
  ETIMEDOUT: 'timeout',
};

/** Status code of a reply, 0 when the error is none. */
export function statusOf(error: unknown): number {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : 0;
}

/** What a refused request means. The server's own text is not passed on: it may say anything. */
export function replyError(key: string, step: string, error: unknown): Error {
  if (error instanceof MediumError) return error;
  const [kind, text] = ofStatus[statusOf(error)] ?? ['network', 'no reply'];
  return new MediumError(kind, key, `${step}: ${text}`, error);
}

/** What a connection that could not be made means. */
export function connectError(host: string, error: unknown): MediumError {
  if (error instanceof MediumError) return error;
  const level = error instanceof Error && 'level' in error ? String(error.level) : '';
  const errno = error instanceof Error && 'code' in error ? String(error.code) : '';
  if (error instanceof Error && /privateKey|private key|passphrase/i.test(error.message))
    return new MediumError('denied', '', 'the file of private_key is no key, or its passphrase is another one');
  if (level === 'client-authentication')
    return new MediumError('denied', '', `${host} refused the user, its password or its key`);
  if (level === 'client-timeout') return new MediumError('timeout', '', `${host} did not finish the handshake in time`);
  if (level === 'client-socket' || errno.startsWith('E'))
    return new MediumError(ofErrno[errno] ?? 'network', '', `no connection to ${host}: ${errno || 'closed'}`);
  if (level === 'handshake')
    return new MediumError('unsupported', '', `no handshake with ${host}: no common algorithm`);
  return new MediumError('network', '', `the connection to ${host} ended in the handshake`);
}
