import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { DamagedFile } from '../../src/destination/named-damage.ts';
import { type DamagedPiece, readPieces } from '../../src/jobs/restore/read-archive-path.ts';
import { readSets } from '../../src/jobs/restore/read-data-path.ts';
import { remoteReadsAtOnce } from '../../src/media/limits.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';

/** A medium whose listing has these names and whose small files are gone; says how many reads were under way at once. */
function place(names: readonly string[], scheme: Medium['scheme'] = 's3') {
  const read: string[] = [];
  let running = 0;
  let most = 0;
  const medium = {
    scheme,
    abilities: { tagging: false },
    list: async () => names.map((name) => ({ name, kind: 'object' as const })),
    async read(key: string): Promise<Uint8Array> {
      read.push(key);
      most = Math.max(most, ++running);
      for (let turns = 0; turns < 5; turns++) await nextTurn();
      running--;
      throw new MediumError('notFound', key, 'it is gone');
    },
  } as unknown as Medium;
  return { medium, read, most: () => most };
}

const many = Array.from({ length: 200 }, (_, i) => i + 1);

test('the info files of hundreds of pieces are read some at a time, and those nobody asks for are not', async () => {
  const { medium, read, most } = place(many.map((id) => `piece_d1r${1 + (id % 2)}p${id}_start_20260101T000000.obarc`));
  expect(await readPieces(medium)).toEqual([]);
  expect(most()).toBe(remoteReadsAtOnce);
  read.length = 0;
  await readPieces(medium, { wanted: ({ roundId }) => roundId === 2 });
  expect(read.filter((key) => key.endsWith('/single_piece_info.obarc'))).toHaveLength(100);
});

test('pieces that have ended and lost their info file are told in the order of their names', async () => {
  const names = many.map((id) => `piece_d1r1p${id}_end_20260101T000000.obarc`);
  const damaged: DamagedPiece[] = [];
  expect(await readPieces(place(names).medium, { damaged })).toEqual([]);
  expect(damaged.map(({ pieceId }) => pieceId)).toEqual(many);
});

test('the info files of hundreds of sets are read some at a time', async () => {
  const names = many.map((id) => `backup_set_${id}_full_end_success_20260101T000000.obbak`);
  const { medium, most } = place(names);
  const damaged: DamagedFile[] = [];
  expect(await readSets(medium, undefined, damaged)).toEqual([]);
  expect(most()).toBe(remoteReadsAtOnce);
  expect(damaged).toHaveLength(many.length);
});

test('files are read one after the other: each call that hangs holds a thread', async () => {
  const { medium, most } = place(
    many.map((id) => `piece_d1r1p${id}_start_20260101T000000.obarc`),
    'file',
  );
  expect(await readPieces(medium)).toEqual([]);
  expect(most()).toBe(1);
});

test('a medium that fails ends it with its error', async () => {
  const { medium } = place(many.map((id) => `piece_d1r1p${id}_start_20260101T000000.obarc`));
  const failing = { ...medium, read: () => Promise.reject(new MediumError('denied', 'x', 'no')) } as Medium;
  await expect(readPieces(failing)).rejects.toMatchObject({ kind: 'denied' });
});
