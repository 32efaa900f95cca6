import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { namesBelow } from './clean-scene.ts';
import { type Harness, restoredValue, shipped, startHarness } from './job-harness.ts';

let root: string;
let harness: Harness;
let copy: Harness | null;
/** Runs once, before the first data file of a set is made. */
let atFirstFile: () => void;

const watched = (medium: Medium): Medium => ({
  ...medium,
  createObject(key, signal) {
    if (key.endsWith('retry_0/macro_block_data.0.obbak')) atFirstFile();
    return medium.createObject(key, signal);
  },
});

/** Archives are out of the copy's reach: that of a tenant has one writer. */
const cutOff = (medium: Medium, path: string): Medium =>
  path.endsWith('/archive')
    ? new Proxy(medium, {
        get: (target, name) =>
          typeof Reflect.get(target, name) === 'function' && name !== 'close'
            ? () => Promise.reject(new MediumError('network', '', 'out of reach'))
            : Reflect.get(target, name),
      })
    : medium;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'obvault-copied-'));
  copy = null;
  harness = await startHarness({ directory: join(root, 'first'), wrapMedium: watched });
});
afterEach(async () => {
  await copy?.stop();
  await harness.stop();
  rmSync(root, { recursive: true, force: true });
});

test('a copy of a server, taken while a set was copied, touches nothing of the set the other has ended', async () => {
  const tenantId = await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  // In another process: whoever closes a live SQLite file drops its locks.
  atFirstFile = () => {
    mkdirSync(join(root, 'second'));
    execFileSync('cp', ['-a', join(root, 'first/server'), join(root, 'second/server')]);
  };
  expect(await backedUp(harness)).toMatchObject({ backupSetId: 1, status: 'SUCCESS' });
  const data = join(root, 'first/a/data');
  const before = namesBelow(data);
  expect(before.filter((name) => name.endsWith('macro_block_data.0.obbak'))).toHaveLength(1);

  const second = await startHarness({ directory: join(root, 'second'), wrapMedium: cutOff });
  copy = second;
  const { catalog } = second.controller;
  const rows = () =>
    catalog.read((tx) => ({
      job: tx.backups.jobs.list({ tenantId }).at(-1),
      task: tx.backups.tasks.list({ tenantId }).at(-1),
      set: tx.backups.setById(tenantId, 1),
    }));
  expect((await rows()).task).toMatchObject({ status: 'BACKUP_DATA_MAJOR', stepData: { retryId: 0 } });
  await second.until(async () => (await rows()).job?.endUs !== null);
  const { job, set } = await rows();
  expect(job).toMatchObject({ status: 'FAILED', result: -9040 });
  expect(job?.comment).toContain('was ended by another server');
  // No clean-up of the copy takes them either.
  expect(set).toMatchObject({ status: 'FAILED', fileStatus: 'DELETED' });
  expect(namesBelow(data)).toEqual(before);

  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe('1');
});
