import { fault, faultText, hinted } from '../../base/errors.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import type { Proof } from '../../catalog/proofs.ts';
import type { FormatFile } from '../../destination/codec/identity-files.ts';
import { type Destination, shownPath } from '../../destination/destination.ts';
import { readFormatFile } from '../../destination/identity.ts';
import { formatFileKey } from '../../destination/layout.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import { type DamagedFile, unlessDamaged } from '../../destination/named-damage.ts';
import type { Medium } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';

/** One path of FROM with its open medium and its format file. */
export interface SourcePath {
  readonly destination: Destination;
  readonly medium: Medium;
  readonly format: FormatFile;
  /** What VALIDATE found broken there; none of it is chosen. */
  readonly broken: readonly Proof[];
  /** Sets there whose jobs failed: an end placeholder that landed too late is not theirs any more. */
  readonly failed: readonly BackupSet[];
  /** Sets there that a clean-up of this server has begun to delete, however far it has come. */
  readonly deleting: readonly BackupSet[];
}

/** Opens every path and reads its format file; `close` all of them at the end. Absent format file: 9011. */
export async function openPaths(
  controller: Controller,
  destinations: readonly Destination[],
  signal?: AbortSignal,
): Promise<readonly SourcePath[]> {
  const opened: SourcePath[] = [];
  try {
    for (const destination of destinations) {
      const medium = controller.openMedium({ ...destination, patience: 'statement' });
      const format = await withCodedErrors(() => namedFormat(medium, destination, signal)).catch(async (error) => {
        await medium.close();
        throw error;
      });
      if (format === null) {
        await medium.close();
        throw hinted(fault('OB_BACKUP_FILE_NOT_EXIST'), `there is no format file under '${shownPath(destination)}'`);
      }
      const path = shownPath(destination);
      const known = await controller.catalog.read((tx) => ({
        broken: tx.proofs.brokenOn(path),
        failed: tx.backups.sets.list({ path, tenantId: format.tenantId, status: 'FAILED' }),
        deleting: tx.backups.sets.list({ path, tenantId: format.tenantId, fileStatus: 'DELETING' }),
      }));
      opened.push({ destination, medium, format, ...known });
    }
    return opened;
  } catch (error) {
    await closePaths(opened);
    throw error;
  }
}

/** The format file of a path; a damaged one is named. */
async function namedFormat(medium: Medium, destination: Destination, signal?: AbortSignal): Promise<FormatFile | null> {
  const damaged: DamagedFile[] = [];
  const key = `${shownPath(destination)}/${formatFileKey}`;
  const format = await unlessDamaged(key, damaged, () => readFormatFile(medium, signal));
  const [bad] = damaged;
  if (bad !== undefined) throw faultText(bad.error.symbol, `${bad.error.message}: ${key}`, bad.error);
  return format;
}

export async function closePaths(paths: readonly SourcePath[]): Promise<void> {
  for (const path of paths) await path.medium.close();
}
