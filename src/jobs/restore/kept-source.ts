import { faultText } from '../../base/errors.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import { shownPath } from '../../destination/destination.ts';
import type { RestoreSource } from './restore-source.ts';

/**
 * -4018 when a clean-up of this server has begun to delete what was chosen a moment ago. Called in the step that writes the
 * restore's rows: from then on the clean-up keeps what they name.
 */
export function requireKept(tx: Repositories, { data, archive, sets, pieces }: RestoreSource): void {
  const going = (row: { readonly fileStatus: string } | null | undefined) =>
    row?.fileStatus === 'DELETING' || row?.fileStatus === 'DELETED';
  const path = shownPath(data.destination);
  const setGoes = sets.some(({ info: { tenantId, destId, backupSetId } }) => {
    const row = tx.backups.sets.get({ tenantId, destId, backupSetId });
    return row?.path === path && going(row);
  });
  const pieceGoes =
    archive !== null &&
    pieces.some(({ destId, roundId, pieceId }) => {
      const row = tx.archives.pieces.get({ tenantId: archive.format.tenantId, destId, roundId, pieceId });
      return row?.path === shownPath(archive.destination) && going(row);
    });
  if (setGoes || pieceGoes)
    throw faultText('OB_ENTRY_NOT_EXIST', 'no backup set path or log piece can be used to restore');
}
