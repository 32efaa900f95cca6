import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { BlockEntry } from '../../src/copy/data-file.ts';
import { sameEntries } from '../../src/jobs/validate/same-entries.ts';

const fields = ['blockNo', 'fileNo', 'offset', 'storedLength', 'rawLength', 'storedCrc'] as const;
const number = fc.nat(3);
const entry: fc.Arbitrary<BlockEntry> = fc.record({
  blockNo: fc.nat(50),
  fileNo: number,
  offset: fc.nat(2 ** 40),
  storedLength: number,
  rawLength: number,
  storedCrc: number,
});
const entries = fc.uniqueArray(entry, { selector: ({ blockNo }) => blockNo, minLength: 1 });

test('the order of blocks does not matter, every number of each does', async () => {
  const scene = entries.chain((known) =>
    fc.record({
      known: fc.constant(known),
      other: fc.shuffledSubarray(known, { minLength: known.length }),
      at: fc.nat(known.length - 1),
      field: fc.constantFrom(...fields),
    }),
  );
  await fc.assert(
    fc.asyncProperty(scene, async ({ known, other, at, field }) => {
      expect(await sameEntries(known, other)).toBe(true);
      const changed = other.with(at, { ...other[at]!, [field]: 1000 + other[at]![field] });
      expect(await sameEntries(known, changed)).toBe(false);
      expect(await sameEntries(changed, known)).toBe(false);
      expect(await sameEntries(known, other.slice(1))).toBe(false);
      if (known.length > 1) expect(await sameEntries(known, other.with(at, other.at(at - 1)!))).toBe(false);
    }),
  );
});

test('others have their turns while many blocks are compared', async () => {
  const many = Array.from({ length: 200_000 }, (_, blockNo) => ({
    blockNo,
    fileNo: 0,
    offset: blockNo * 10,
    storedLength: 10,
    rawLength: 10,
    storedCrc: blockNo,
  }));
  let turns = 0;
  let over = false;
  const other = () => {
    turns += 1;
    if (!over) setImmediate(other);
  };
  setImmediate(other);
  expect(await sameEntries(many, many.toReversed())).toBe(true);
  over = true;
  expect(turns).toBeGreaterThan(10);
});
