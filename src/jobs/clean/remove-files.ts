import { isFault } from '../../base/errors.ts';
import type { ArchivePiece } from '../../catalog/archives.ts';
import type { BackupSet } from '../../catalog/backups.ts';
import { parsePiecePlaceholder, pieceDirectory, pieceKeys, piecesDirectory } from '../../destination/archive-layout.ts';
import { singlePieceInfoFile } from '../../destination/codec/archive-files.ts';
import { singleSetInfoFile } from '../../destination/codec/set-files.ts';
import {
  parseLsDirectory,
  parseSetPlaceholder,
  setDirectory,
  setInfoKeys,
  setsDirectory,
} from '../../destination/layout.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { setNameOf } from '../backup/set-files.ts';
import { removeAll, removeObjects, treeOf } from './remove-tree.ts';

/** What a deletion works with. */
export interface Removal {
  /** Its `remove` only marks objects where the destination says so. */
  readonly medium: Medium;
  readonly tags: boolean;
  readonly signal: AbortSignal;
  /** Names in a directory of placeholders, as of the beginning of the run: those of what is deleted do not change. */
  namesIn(directory: string): Promise<readonly string[]>;
  /** Is told how many log streams are about to go. */
  progress(streamCount: number): Promise<void>;
}

/** How the files of one set or piece go; each step may be repeated, also after a crash in the one behind it. */
export interface Deletion {
  /** Reads what the next step needs; may run beside those of others. */
  prepare(): Promise<void>;
  /** From here on no restore takes it. What depends on others goes before them: these steps come one by one, in order. */
  hide(): Promise<void>;
  /** Removes every file; may run beside those of others. */
  remove(): Promise<void>;
}

/**
 * The files of a set. The end placeholder goes first: from then on no restore sees the set. The start placeholder goes last: while
 * it stands, something of the set may be left.
 */
export function setDeletion(removal: Removal, set: BackupSet): Deletion {
  const { medium, signal } = removal;
  const name = setNameOf(set);
  const directory = setDirectory(name);
  const { single } = setInfoKeys(name);
  const placeholders = async (ends: boolean) =>
    (await removal.namesIn(setsDirectory))
      .filter((file) => {
        const found = parseSetPlaceholder(file);
        return found !== null && setDirectory(found) === directory && (found.kind !== 'start') === ends;
      })
      .map((file) => `${setsDirectory}/${file}`);
  let mark: Mark = null;
  return {
    async prepare() {
      // Marked objects are still there to be read.
      if (removal.tags) mark = await markOf(medium, single, signal, markedSet);
    },
    async hide() {
      if (mark?.bytes) await medium.putSmall(single, mark.bytes, 'replace', signal);
      await removeObjects(medium, await placeholders(true), signal);
    },
    async remove() {
      await removeDirectory(removal, directory);
      await removeObjects(medium, await placeholders(false), signal);
    },
  };
}

/**
 * The files of a piece, end placeholder first and start placeholder last. An active piece has no end placeholder either, so the
 * info file of a frozen one is made to say DELETING before anything goes, and outlives what a reader would take for an active
 * piece; where there is none, the list of pieces without which nobody reads an active one goes with the end placeholder.
 */
export function pieceDeletion(removal: Removal, piece: ArchivePiece): Deletion {
  const { medium, signal } = removal;
  const directory = pieceDirectory(piece);
  const keys = pieceKeys(piece);
  const placeholders = async (kind: 'start' | 'end') =>
    (await removal.namesIn(piecesDirectory))
      .filter((file) => {
        const found = parsePiecePlaceholder(file);
        return found !== null && pieceDirectory(found) === directory && found.kind === kind;
      })
      .map((file) => `${piecesDirectory}/${file}`);
  let mark: Mark = null;
  return {
    async prepare() {
      mark = await markOf(medium, keys.single, signal, markedPiece);
    },
    async hide() {
      if (mark === null) await removeObjects(medium, [...(await placeholders('end')), keys.tenant], signal);
      else if (mark.bytes) await medium.putSmall(keys.single, mark.bytes, 'replace', signal);
    },
    async remove() {
      await removeObjects(medium, await placeholders('end'), signal);
      await removeDirectory(removal, directory, [keys.single]);
      await removeObjects(medium, await placeholders('start'), signal);
    },
  };
}

async function removeDirectory(
  { medium, signal, progress }: Removal,
  directory: string,
  last: readonly string[] = [],
): Promise<void> {
  const tree = await treeOf(medium, directory, signal);
  const streams = tree.directories.filter(
    (key) => key.startsWith(`${directory}/`) && parseLsDirectory(key.slice(directory.length + 1)) !== null,
  );
  await progress(streams.length);
  await removeAll(medium, tree, signal, last);
}

/** What an info file shall say of something that is being deleted, no bytes when it says so; null when there is none to say it. */
type Mark = { readonly bytes: Uint8Array | null } | null;

function markedPiece(bytes: Uint8Array): Uint8Array | null {
  const { piece } = singlePieceInfoFile.decode(bytes);
  if (piece.fileStatus === 'DELETING') return null;
  return singlePieceInfoFile.encode({ piece: { ...piece, fileStatus: 'DELETING' } });
}

function markedSet(bytes: Uint8Array): Uint8Array | null {
  const { set } = singleSetInfoFile.decode(bytes);
  if (set.fileStatus === 'DELETING') return null;
  return singleSetInfoFile.encode({ set: { ...set, fileStatus: 'DELETING' } });
}

async function markOf(
  medium: Medium,
  key: string,
  signal: AbortSignal,
  marked: (bytes: Uint8Array) => Uint8Array | null,
): Promise<Mark> {
  try {
    return { bytes: marked(await medium.read(key, undefined, undefined, signal)) };
  } catch (error) {
    // A damaged info file is believed by nobody, and must not keep the piece for ever.
    if (isMediumError(error, 'notFound') || isFault(error)) return null;
    throw error;
  }
}
