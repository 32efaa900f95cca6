import { passwordDigest } from '../../copy/password-digest.ts';
import { parseRestoreFrom } from '../../destination/archive-dest.ts';
import type { Controller } from '../controller.ts';
import { piecePath } from './read-archive-path.ts';
import { setPath } from './read-data-path.ts';
import { decideSource, type RestoreUntil, type SourceWish } from './restore-source.ts';
import { scnText } from './scn-text.ts';
import { closePaths, openPaths } from './source-paths.ts';

/** One row of SHOW RESTORE PREVIEW: a set or a piece a restore would read. */
export interface PreviewRow {
  readonly type: 'BACKUP_SET' | 'BACKUP_PIECE';
  readonly id: number;
  readonly path: string;
  /** Start and checkpoint of a piece; empty for a set. */
  readonly description: string;
}

/** Sets ascending, then pieces ascending, with the errors RESTORE would have. */
export async function previewRows(
  controller: Controller,
  wish: {
    readonly from: string;
    readonly until: RestoreUntil;
    readonly passwords: readonly string[];
    readonly onUnreachable?: SourceWish['onUnreachable'];
  },
): Promise<readonly PreviewRow[]> {
  const paths = await openPaths(controller, parseRestoreFrom(wish.from, controller.release));
  try {
    const source = await decideSource(paths, wish.until, wish.passwords.map(passwordDigest), {
      ...(wish.onUnreachable === undefined ? {} : { onUnreachable: wish.onUnreachable }),
    });
    const { path: dataRoot } = source.data.destination;
    const zone = source.locality.sysTimeZone;
    return [
      ...source.sets.map(({ name }) => ({
        type: 'BACKUP_SET' as const,
        id: name.backupSetId,
        path: setPath(dataRoot, name),
        description: '',
      })),
      ...source.pieces.map((piece) => ({
        type: 'BACKUP_PIECE' as const,
        id: piece.pieceId,
        path: piecePath(source.log.path, piece),
        description: `start_time=${scnText(piece.startScn, zone)}, checkpoint_time=${scnText(piece.checkpointScn, zone)}`,
      })),
    ];
  } finally {
    await closePaths(paths);
  }
}
