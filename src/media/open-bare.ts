import type { Clock } from '../base/clock.ts';
import { openCifsMedium } from './cifs-medium.ts';
import { openCosMedium } from './cos-medium.ts';
import { openFileMedium } from './file-medium.ts';
import { openHdfsMedium } from './hdfs-medium.ts';
import type { Medium, Scheme } from './medium.ts';
import type { MediumAddress } from './open-medium.ts';
import { openOssMedium } from './oss-medium.ts';
import { openS3Medium } from './s3-medium.ts';
import { openSftpMedium } from './sftp-medium.ts';

/** The one place where a scheme meets its medium. */
const openers: Readonly<Record<Scheme, (address: MediumAddress, clock: Clock) => Medium>> = {
  file: (address, clock) => openFileMedium(address.path.slice('file://'.length), clock),
  oss: openOssMedium,
  cos: openCosMedium,
  s3: openS3Medium,
  sftp: openSftpMedium,
  cifs: openCifsMedium,
  hdfs: openHdfsMedium,
};

/**
 * The medium itself, without wrappers and in the calling thread; nothing of its client is loaded before its first call. Throws
 * MediumError for an address that names what its store cannot have.
 */
export function openBare(address: MediumAddress, clock: Clock): Medium {
  return openers[address.scheme](address, clock);
}
