import {
  parsePieceDirectory,
  parsePiecePlaceholder,
  parseRoundFile,
  pieceDirectory,
  piecesDirectory,
  roundsDirectory,
} from '../../destination/archive-layout.ts';
import { pieceEndFile, pieceStartFile, roundEndFile, roundStartFile } from '../../destination/codec/archive-files.ts';
import { checkFile, formatFile } from '../../destination/codec/identity-files.ts';
import { setPlaceholderFile } from '../../destination/codec/set-files.ts';
import {
  checkDirectory,
  formatFileKey,
  parseSetDirectory,
  parseSetPlaceholder,
  setDirectory,
  setsDirectory,
} from '../../destination/layout.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
import type { ObjectCheck } from './object-check.ts';

/** Sets and pieces that have a task of their own, by directory. */
export type Covered = ReadonlySet<string>;

/**
 * Reads what belongs to a destination and to no set or piece: format file, check files, rounds. Directories of sets and pieces
 * without a task are foreign: they did not end, or nobody knows them.
 */
export async function checkDestination(check: ObjectCheck, kind: 'data' | 'archive', covered: Covered): Promise<void> {
  const own = kind === 'data' ? setsDirectory : piecesDirectory;
  for (const entry of await check.medium.list('', check.signal)) {
    if (entry.kind === 'object') await check.note(entry.name, entry.sizeBytes);
    else if (entry.name === own || entry.name === checkDirectory || entry.name === roundsDirectory)
      await check.walk(entry.name);
    else if (!covered.has(entry.name)) await check.walk(entry.name);
  }
  await check.file(formatFileKey, formatFile);
  await forEach(check, checkDirectory, (key) => check.file(key, checkFile));
  if (kind === 'data') await checkSetPlaceholders(check, covered);
  else await checkRounds(check, covered);
  check.noteForeign(whyForeign);
}

/** Placeholders of the sets with tasks are theirs; those of the others must at least be whole. */
async function checkSetPlaceholders(check: ObjectCheck, covered: Covered): Promise<void> {
  await forEach(check, setsDirectory, async (key, file) => {
    const name = parseSetPlaceholder(file);
    if (name === null) return;
    if (covered.has(setDirectory(name))) check.leave(key);
    else await check.file(key, setPlaceholderFile);
  });
}

async function checkRounds(check: ObjectCheck, covered: Covered): Promise<void> {
  await forEach(check, roundsDirectory, async (key, file) => {
    const name = parseRoundFile(file);
    if (name === null) return;
    const found = await (name.kind === 'start' ? check.file(key, roundStartFile) : check.file(key, roundEndFile));
    if (found !== null && (found.destId !== name.destId || found.roundId !== name.roundId))
      check.damaged(key, `it belongs to round ${found.roundId} of destination ${found.destId}`);
  });
  await forEach(check, piecesDirectory, async (key, file) => {
    const name = parsePiecePlaceholder(file);
    if (name === null) return;
    if (covered.has(pieceDirectory(name))) check.leave(key);
    else await (name.kind === 'start' ? check.file(key, pieceStartFile) : check.file(key, pieceEndFile));
  });
}

/** Objects directly in a directory, several at a time where no call holds a thread. */
async function forEach(
  check: ObjectCheck,
  directory: string,
  look: (key: string, name: string) => Promise<unknown>,
): Promise<void> {
  const keys = check.keys((key) => key.startsWith(`${directory}/`));
  await inParallel(keys, smallReadsAtOnce(check.medium), (key) => look(key, key.slice(directory.length + 1)));
}

function whyForeign(key: string): string {
  const top = key.split('/')[0] ?? '';
  if (parseSetDirectory(top) !== null) return 'belongs to a backup that did not end or is not to be used';
  if (parsePieceDirectory(top) !== null) return 'belongs to a piece that is not to be used';
  return 'no object of this destination';
}
