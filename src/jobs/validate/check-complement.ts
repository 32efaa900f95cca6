import { type PieceName, parsePieceDirectory, pieceDirectory } from '../../destination/archive-layout.ts';
import { formatFileKey } from '../../destination/layout.ts';
import { below } from '../../media/wrap/below.ts';
import { checkDestination } from './check-destination.ts';
import { checkPiece } from './check-piece.ts';
import type { CheckMeans } from './check-set.ts';
import { ObjectCheck } from './object-check.ts';

/** The pieces inside of a set were written in one go and never had a checkpoint of their own. */
const written = { closed: true, withCheckpoint: false, fileId: 0, confirmedBytes: 0 };

/**
 * Checks the log inside of a set taken PLUS ARCHIVELOG: an archive destination of its own whose files are under the key of the
 * set. Returns why not everything could be read.
 */
export async function checkComplement(
  means: CheckMeans,
  check: ObjectCheck,
  directory: string,
  owner: { readonly tenantId: number; readonly id: string },
): Promise<readonly string[]> {
  const medium = below(check.medium, directory);
  const { placeholders: _, ...alone } = means;
  const own: CheckMeans = { ...alone, medium, openLogKey: (wrapped) => means.openSetKey(wrapped, owner) };
  const parts: ObjectCheck[] = [];
  const part = () => {
    const made = new ObjectCheck(medium, check.signal, () => undefined);
    parts.push(made);
    return made;
  };
  const pieces = (await medium.list('', check.signal))
    .map((entry) => parsePieceDirectory(entry.name))
    .filter((piece): piece is PieceName => piece !== null)
    .sort((a, b) => a.roundId - b.roundId || a.pieceId - b.pieceId);
  await checkDestination(part(), 'archive', new Set(pieces.map(pieceDirectory)));
  const partial: string[] = [];
  for (const piece of pieces) partial.push(...(await checkPiece(own, part(), piece, written)).partial);
  for (const one of parts) check.adopt(one, directory);
  if (pieces.length === 0) check.missing(`${directory}/${formatFileKey}`, 'the set has lost the log it was taken with');
  return partial;
}
