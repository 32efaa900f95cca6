import { fault, faultText, ObError } from '../base/errors.ts';
import type { InfoFile } from './codec/info-file.ts';

/** A small file of a destination that was read and is not what was written. */
export interface DamagedFile {
  readonly key: string;
  readonly error: ObError;
}

/** Decodes a small file; the error of a damaged one names it. */
export function decodeNamed<T>(file: Pick<InfoFile<T>, 'decode'>, bytes: Uint8Array, key: string): T {
  try {
    return file.decode(bytes);
  } catch (error) {
    if (!(error instanceof ObError)) throw error;
    throw faultText(error.symbol, `${error.message}: ${key}`, error);
  }
}

/**
 * Runs `read`; when the file it reads is damaged, that goes to `damaged` and null comes back, so that others can be chosen
 * instead. Without a list the error is thrown.
 */
export async function unlessDamaged<T>(
  key: string,
  damaged: DamagedFile[] | undefined,
  read: () => Promise<T | null>,
): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (damaged === undefined || !(error instanceof ObError) || !shows(error)) throw error;
    damaged.push({ key, error });
    return null;
  }
}

/** The error for a file that is gone although its placeholder stands. */
export function lostFile(key: string): DamagedFile {
  const symbol = 'OB_BACKUP_FILE_NOT_EXIST';
  return { key, error: faultText(symbol, `${fault(symbol).message}: ${key}`) };
}

/** The codes `decode` throws. */
function shows({ symbol }: ObError): boolean {
  return symbol === 'OB_CHECKSUM_ERROR' || symbol === 'OB_ERR_UNEXPECTED' || symbol === 'OB_INVALID_ARGUMENT';
}
