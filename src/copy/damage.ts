import { faultText, type ObError } from '../base/errors.ts';

/** The error for bytes that are not what was written: OB_CHECKSUM_ERROR naming the object, the place and the finding. */
export function damage(object: string, where: string, finding: string): ObError {
  return faultText('OB_CHECKSUM_ERROR', `Data checksum error: ${object}, ${where}: ${finding}`);
}

/** `record 3 (block 17) at offset 4096`. */
export function recordPlace(recordNo: number, blockNo: number, offset: number): string {
  return `record ${recordNo} (block ${blockNo}) at offset ${offset}`;
}
