import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, setsOf, shipped, startHarness } from './job-harness.ts';
import { findingsOf, validate } from './validate-scene.ts';

/** Operations of the media since `arm`, and the span of them during which the mounts are away. */
const flap = { count: 0, from: 0, until: 0, places: /./ };
let harness: Harness;

/** A directory whose mount goes away and comes back: it is empty meanwhile, the format file included. */
function flapping(medium: Medium, path: string): Medium {
  const away = () => {
    if (!flap.places.test(path)) return false;
    flap.count += 1;
    return flap.count >= flap.from && flap.count < flap.until;
  };
  const gone = (key: string) => new MediumError('notFound', key, 'the mount is away');
  return {
    ...medium,
    list: async (prefix, signal) => (away() ? [] : medium.list(prefix, signal)),
    head: async (key, signal) => (away() ? null : medium.head(key, signal)),
    read: async (key, offset, length, signal) => {
      if (away()) throw gone(key);
      return medium.read(key, offset, length, signal);
    },
    openObject: async (key, signal) => {
      if (away()) throw gone(key);
      return medium.openObject(key, signal);
    },
  };
}

function arm(from: number, length: number, places: RegExp): void {
  Object.assign(flap, { count: 0, from, until: from + length, places });
}

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: flapping, settings: { maxJobRetries: 1 } });
  await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  await backedUp(harness);
  await shipped(harness, 'a');
});
afterAll(() => harness.stop());

for (const [what, places] of [
  ['BACKUPSET', /\/a\/data$/],
  ['ARCHIVELOG_PIECE', /\/a\/archive$/],
] as const)
  test(`a mount that goes away and comes back breaks nothing: VALIDATE ${what}`, async () => {
    arm(0, 0, places);
    expect(await validate(harness, 'a', what)).toMatchObject({ status: 'COMPLETED', result: 0 });
    const operations = flap.count;
    expect(operations).toBeGreaterThan(10);
    for (let from = 1; from <= operations; from++) {
      arm(from, 1 + (from % 3), places);
      await validate(harness, 'a', what);
      expect({ from, found: (await findingsOf(harness, 'a')).filter(({ kind }) => kind !== 'FOREIGN') }).toEqual({
        from,
        found: [],
      });
      expect((await setsOf(harness, 'a')).map((set) => set.fileStatus)).toEqual(['AVAILABLE']);
      const broken = await harness.controller.catalog.read((tx) => tx.proofs.proofs.list({ result: 'BROKEN' }));
      expect(broken).toEqual([]);
    }
  });
