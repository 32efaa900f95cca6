import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Medium, MediumError, type ObjectSource } from '../../src/media/medium.ts';
import { tenantWithTwoSets } from './backed-up-tenant.ts';
import { type Harness, makePool, setsOf, settle, startHarness } from './job-harness.ts';
import { proofsOf } from './validate-scene.ts';

/** What goes wrong with the media, each counted from `arm` on: mounts that are away for a while, one object read or listed wrongly once. */
const trouble = {
  count: 0,
  from: 0,
  until: 0,
  places: /./,
  misread: null as RegExp | null,
  short: null as RegExp | null,
};
let harness: Harness;
let restores = 0;

function arm(what: Partial<typeof trouble>): void {
  Object.assign(trouble, { count: 0, from: 0, until: 0, places: /./, misread: null, short: null }, what);
}

/** A directory whose mount goes away and comes back is empty meanwhile, the format file included. */
function troubled(medium: Medium, path: string): Medium {
  const away = () => {
    if (!trouble.places.test(path)) return false;
    trouble.count += 1;
    return trouble.count >= trouble.from && trouble.count < trouble.until;
  };
  const gone = (key: string) => new MediumError('notFound', key, 'the mount is away');
  return {
    ...medium,
    list: async (prefix, signal) => {
      if (away()) return [];
      const entries = await medium.list(prefix, signal);
      const { short } = trouble;
      const left = entries.filter(({ name }) => short?.test(`${prefix}/${name}`) !== true);
      if (left.length < entries.length) trouble.short = null;
      return left;
    },
    head: async (key, signal) => (away() ? null : medium.head(key, signal)),
    read: async (key, offset, length, signal) => {
      if (away()) throw gone(key);
      return medium.read(key, offset, length, signal);
    },
    openObject: async (key, signal) => {
      if (away()) throw gone(key);
      const source = await medium.openObject(key, signal);
      if (!trouble.misread?.test(key)) return source;
      trouble.misread = null;
      return misread(source);
    },
  };
}

/** Every byte that is asked for has one bit turned over, the object itself is whole. */
function misread(source: ObjectSource): ObjectSource {
  return {
    sizeBytes: source.sizeBytes,
    read: async (offset, length) => (await source.read(offset, length)).map((byte) => byte ^ 1),
    close: () => source.close(),
  };
}

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: troubled, settings: { maxJobRetries: 4 } });
  await tenantWithTwoSets(harness);
});
afterAll(() => harness.stop());

/** What the job of a restore says that meets the trouble from its first operation on. */
async function restoreUnder(what: Partial<typeof trouble>): Promise<{ status: string; retried: boolean }> {
  const name = `r${++restores}`;
  arm({});
  await makePool(harness, `p_${name}`);
  const from = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await harness.say(`ALTER SYSTEM RESTORE ${name} FROM '${from}' WITH 'pool_list=p_${name}'`);
  arm(what);
  await settle(harness);
  const rows = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: name }));
  const retried = rows.some(({ stepData }) => ((stepData as { retryCount?: number }).retryCount ?? 0) > 0);
  return { status: rows[0]!.status, retried };
}

async function expectNothingBroken(): Promise<void> {
  expect((await setsOf(harness, 'a')).map((set) => set.fileStatus)).toEqual(['AVAILABLE', 'AVAILABLE']);
  expect((await proofsOf(harness, 'a')).filter(({ result }) => result === 'BROKEN')).toEqual([]);
}

for (const places of [/\/a\/data$/, /\/a\/archive$/])
  test(`a mount that is away for a while breaks nothing, and the restore goes on: ${places.source}`, async () => {
    expect(await restoreUnder({ places })).toEqual({ status: 'RESTORE_SUCCESS', retried: false });
    const operations = trouble.count;
    expect(operations).toBeGreaterThan(2);
    for (let from = 1; from <= operations; from++) {
      const { status } = await restoreUnder({ places, from, until: from + 1 + (from % 3) });
      expect({ from, status }).toEqual({ from, status: 'RESTORE_SUCCESS' });
    }
    await expectNothingBroken();
  });

test('a mount that comes back too late ends the restore and breaks nothing', async () => {
  const { status } = await restoreUnder({ places: /\/a\/data$/, from: 1, until: Number.MAX_SAFE_INTEGER });
  expect(status).toBe('RESTORE_FAIL');
  await expectNothingBroken();
});

for (const what of [
  { misread: /backup_set_2_full\/.*macro_block_data/ },
  { misread: /piece_d1001r1p1\/.*\.obarc$/ },
  { short: /backup_set_2_full\/.*macro_block_data/ },
  { short: /piece_d1001r1p1\/.*\.obarc$/ },
])
  test(`what is read wrongly once is read again: ${Object.entries(what)}`, async () => {
    expect(await restoreUnder(what)).toEqual({ status: 'RESTORE_SUCCESS', retried: true });
    await expectNothingBroken();
  });
