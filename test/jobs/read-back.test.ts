import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, startHarness } from './job-harness.ts';
import { endedSets } from './media-truth.ts';

let harness: Harness;
/** What happens to the files of the set behind the server's back, before its inner placeholder is written. */
let harm: ((set: string) => void) | null;

const dataRoot = () => join(harness.directory, 'a/data');

function harming(medium: Medium): Medium {
  return {
    ...medium,
    async putSmall(key, bytes, mode, signal) {
      const set = /^(backup_set_\d+_\w+)\/\1_/.exec(key)?.[1];
      if (set !== undefined) harm?.(join(dataRoot(), set));
      return medium.putSmall(key, bytes, mode, signal);
    },
  };
}

beforeEach(async () => {
  harm = null;
  harness = await startHarness({ settings: { maxJobRetries: 0 }, wrapMedium: harming });
  await archivedTenant(harness, 'id INT PRIMARY KEY, v VARCHAR(100)');
  await harness.sql('a', "INSERT INTO d.t VALUES (1, 'one')");
});
afterEach(() => harness.stop());

function proofs() {
  return harness.controller.catalog.read((tx) => tx.proofs.proofs.list({ objectType: 'BACKUP SET' }));
}

/** The one file below a set whose name matches. */
function fileOf(set: string, name: RegExp): string {
  const found = readdirSync(set, { recursive: true })
    .map(String)
    .find((one) => name.test(one));
  if (found === undefined) throw new Error(`no file ${name} in ${set}`);
  return join(set, found);
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  const place = at < 0 ? bytes.length + at : at;
  bytes.writeUInt8(bytes.readUInt8(place) ^ 1, place);
  writeFileSync(path, bytes);
}

test('a set is read back before its end, and the proof says how', async () => {
  expect(await backedUp(harness)).toMatchObject({ status: 'SUCCESS' });
  expect(await backedUp(harness, 'DATABASE PLUS ARCHIVELOG')).toMatchObject({ status: 'SUCCESS' });
  const said = { method: 'BACKUP', result: 'PARTIAL', damagedCount: 0 };
  expect(await proofs()).toMatchObject([
    { backupSetId: 1, ...said },
    { backupSetId: 2, ...said },
  ]);
});

describe.each<readonly [string, RegExp, (path: string) => void]>([
  ['the last bit of a data file', /macro_block_data/, (path) => flip(path, -1)],
  ['a bit of a block', /macro_block_data/, (path) => flip(path, 300)],
  ['a bit in the index of a data file', /macro_block_data/, (path) => flip(path, -120)],
  ['the end of a data file', /macro_block_data/, (path) => truncateSync(path, statSync(path).size - 1)],
  ['an index that is gone', /major_data_turn_1_retry_0.*macro_range_index/, (path) => rmSync(path)],
  ['a bit of an info file', /single_backup_set_info/, (path) => flip(path, 100)],
  ['an info file that is gone', /locality_info/, (path) => rmSync(path)],
])('a set that lost %s', (_, name, deed) => {
  test('ends FAILED without an end placeholder', async () => {
    harm = (set) => deed(fileOf(set, name));
    const set = await backedUp(harness);
    expect(set).toMatchObject({ status: 'FAILED', fileStatus: 'INCOMPLETE' });
    expect([-4103, -9080, -9087, -9011]).toContain(set?.result);
    expect(endedSets(dataRoot())).toEqual([]);
    expect(await proofs()).toEqual([]);
    harm = null;
    expect(await backedUp(harness)).toMatchObject({ status: 'SUCCESS' });
  });
});

test('a set that lost the log inside of it ends FAILED', async () => {
  harm = (set) => truncateSync(fileOf(set, /complement_log.*single_piece_info/), 10);
  expect(await backedUp(harness, 'DATABASE PLUS ARCHIVELOG')).toMatchObject({ status: 'FAILED', result: -4103 });
  expect(endedSets(dataRoot())).toEqual([]);
});
