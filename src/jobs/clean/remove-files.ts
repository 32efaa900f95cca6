import { isFault } from '../../base/errors.ts';
import type { ArchivePiece } from '../../catalog/archives.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import {
  parsePiecePlaceholder,
  pieceDirectory,
  pieceKeys,
  pieceLsKeys,
  piecesDirectory,
} from '../../destination/archive-layout.ts';
import { singlePieceInfoFile } from '../../destination/codec/archive-files.ts';
import { singleSetInfoFile } from '../../destination/codec/set-files.ts';
import {
  parseLsDirectory,
  parseSetPlaceholder,
  setDirectory,
  setInfoKeys,
  setLsDirectory,
  setsDirectory,
} from '../../destination/layout.ts';
import type { Medium } from '../../media/medium.ts';
import { setNameOf } from '../backup/set-files.ts';
import { objectsIn, removeObjects, removeTree } from './remove-tree.ts';

/** What a deletion works with. */
export interface Removal {
  /** Its `remove` only marks objects where the destination says so. */
  readonly medium: Medium;
  readonly tags: boolean;
  readonly signal: AbortSignal;
  /** Names in a directory of placeholders, as of the beginning of the run: those of what is deleted do not change. */
  namesIn(directory: string): Promise<readonly string[]>;
  /** Is told how many log streams there are and how many of them are gone. */
  progress(total: number, finished: number): Promise<void>;
}

/**
 * Deletes the files of a set in the documented order. The end placeholder goes first: from then on no restore sees the set. The
 * start placeholder goes last: while it stands, something of the set may be left.
 */
export async function removeSetFiles(removal: Removal, set: BackupSet): Promise<void> {
  const { medium, signal } = removal;
  const name = setNameOf(set);
  const directory = setDirectory(name);
  const names = await removal.namesIn(setsDirectory);
  const placeholders = (ends: boolean) =>
    names
      .filter((file) => {
        const found = parseSetPlaceholder(file);
        return found !== null && setDirectory(found) === directory && (found.kind !== 'start') === ends;
      })
      .map((file) => `${setsDirectory}/${file}`);
  const keys = setInfoKeys(name);
  // Marked objects are still there to be read.
  if (removal.tags) await markSet(medium, keys.single, signal);
  await removeObjects(medium, placeholders(true), signal);
  await removeStreams(removal, directory, (lsId) => setLsDirectory(name, lsId));
  await removeTree(medium, keys.infosDirectory, signal);
  await removeObjects(medium, [keys.single], signal);
  await removeObjects(medium, [keys.tenant], signal);
  // The inner placeholder, the complement log and whatever else lies in it.
  await removeTree(medium, directory, signal);
  await removeObjects(medium, placeholders(false), signal);
}

/**
 * Deletes the files of a piece, end placeholder first and start placeholder last. An active piece has no end placeholder either,
 * so the info file of a frozen one is made to say DELETING before anything goes, and outlives what a reader would take for an
 * active piece.
 */
export async function removePieceFiles(removal: Removal, piece: ArchivePiece): Promise<void> {
  const { medium, signal } = removal;
  const directory = pieceDirectory(piece);
  const keys = pieceKeys(piece);
  const names = await removal.namesIn(piecesDirectory);
  const placeholders = (kind: 'start' | 'end') =>
    names
      .filter((file) => {
        const found = parsePiecePlaceholder(file);
        return found !== null && pieceDirectory(found) === directory && found.kind === kind;
      })
      .map((file) => `${piecesDirectory}/${file}`);
  await markPiece(medium, keys.single, signal);
  await removeObjects(medium, placeholders('end'), signal);
  await removeStreams(removal, directory, (lsId) => pieceLsKeys(piece, lsId).directory);
  for (const key of [keys.tenant, keys.fileInfo, keys.single]) await removeObjects(medium, [key], signal);
  const inner = await objectsIn(medium, directory, (file) => file.startsWith(`${directory}_`), signal);
  await removeObjects(medium, inner, signal);
  await removeTree(medium, keys.checkpointDirectory, signal);
  await removeTree(medium, directory, signal);
  await removeObjects(medium, placeholders('start'), signal);
}

function markPiece(medium: Medium, key: string, signal: AbortSignal): Promise<void> {
  return markInfo(medium, key, signal, (bytes) => {
    const { piece } = singlePieceInfoFile.decode(bytes);
    return piece.fileStatus === 'DELETING'
      ? null
      : singlePieceInfoFile.encode({ piece: { ...piece, fileStatus: 'DELETING' } });
  });
}

function markSet(medium: Medium, key: string, signal: AbortSignal): Promise<void> {
  return markInfo(medium, key, signal, (bytes) => {
    const { set } = singleSetInfoFile.decode(bytes);
    return set.fileStatus === 'DELETING' ? null : singleSetInfoFile.encode({ set: { ...set, fileStatus: 'DELETING' } });
  });
}

/** Makes an info file say that what it describes is being deleted; `marked` returns null when it says so already. */
async function markInfo(
  medium: Medium,
  key: string,
  signal: AbortSignal,
  marked: (bytes: Uint8Array) => Uint8Array | null,
): Promise<void> {
  if ((await medium.head(key, signal)) === null) return;
  try {
    const bytes = marked(await medium.read(key, undefined, undefined, signal));
    if (bytes !== null) await medium.putSmall(key, bytes, 'replace', signal);
  } catch (error) {
    // A damaged info file is believed by nobody, and must not keep the piece for ever.
    if (!isFault(error)) throw error;
  }
}

async function removeStreams(
  { medium, signal, progress }: Removal,
  directory: string,
  directoryOf: (lsId: number) => string,
): Promise<void> {
  const streams = (await medium.list(directory, signal))
    .filter((entry) => entry.kind === 'directory')
    .map((entry) => parseLsDirectory(entry.name))
    .filter((lsId) => lsId !== null);
  await progress(streams.length, 0);
  let finished = 0;
  for (const lsId of streams) {
    await removeTree(medium, directoryOf(lsId), signal);
    await progress(streams.length, ++finished);
  }
}
