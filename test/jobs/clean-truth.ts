import { expect } from 'vitest';
import { readPieces } from '../../src/jobs/restore/read-archive-path.ts';
import { readSets } from '../../src/jobs/restore/read-data-path.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { type CleanScene, cleanRows, namesBelow } from './clean-scene.ts';

/** What the rows say is there is on the medium and in its lists; nothing is left of what is gone. */
export async function expectCleanTruth(scene: CleanScene): Promise<void> {
  const { sets, pieces } = await cleanRows(scene);
  const available = Object.keys(sets).filter((id) => sets[Number(id)] === 'AVAILABLE');
  const listed = (await readSets(openFileMedium(scene.dataRoot))).map((set) => String(set.plan.id));
  expect(available.filter((id) => !listed.includes(id))).toEqual([]);
  const found = await readPieces(openFileMedium(scene.archiveRoot));
  const usable = found.filter((piece) => piece.fileStatus === 'AVAILABLE').map((piece) => String(piece.pieceId));
  const kept = Object.keys(pieces).filter((id) => pieces[Number(id)] === 'AVAILABLE');
  expect(kept.filter((id) => !usable.includes(id))).toEqual([]);
  const names = [...namesBelow(scene.dataRoot), ...namesBelow(scene.archiveRoot)];
  // What a reader still finds is still whole.
  const holds = (part: RegExp) => names.some((name) => part.test(name));
  for (const id of listed)
    expect([id, holds(new RegExp(`backup_set_${id}_full/.*macro_block_data`))]).toEqual([id, true]);
  for (const id of usable) expect([id, holds(new RegExp(`r1p${id}/logstream_1001/log/`))]).toEqual([id, true]);
  const left = (status: string | undefined, part: RegExp) =>
    status === 'DELETED' ? names.filter((name) => part.test(name)) : [];
  for (const id of Object.keys(sets)) expect(left(sets[Number(id)], new RegExp(`backup_set_${id}_`))).toEqual([]);
  for (const id of Object.keys(pieces)) expect(left(pieces[Number(id)], new RegExp(`r1p${id}(?!\\d)`))).toEqual([]);
}
