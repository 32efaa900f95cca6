import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { FaultSwitch } from './fault-switch.ts';
import {
  type Harness,
  makeTenant,
  restoredValue,
  roundOf,
  setsOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
let directory: string;
let tenantId: number;
let faults: FaultSwitch;
let rows: number;
/** What happens once the end placeholder has its name, before the medium answers. */
let meanwhile: (() => Promise<unknown>) | null;

/** A medium that goes on writing when the caller gave up, as a system call does. */
function slow(medium: Medium): Medium {
  return {
    ...medium,
    async putSmall(key, bytes, mode, signal) {
      const deed = meanwhile;
      if (deed === null || !isEnd(key)) return medium.putSmall(key, bytes, mode, signal);
      meanwhile = null;
      await medium.putSmall(key, bytes, mode);
      await deed();
      signal?.throwIfAborted();
    },
  };
}

const isEnd = (key: string) => key.includes('end_success');

const start = () =>
  startHarness({
    directory,
    settings: { maxJobRetries: 0 },
    wrapMedium: (medium, path) => slow(faults.wrap(medium, path)),
  });

beforeEach(async () => {
  [faults, rows, meanwhile] = [new FaultSwitch(), 0, null];
  directory = mkdtempSync(join(tmpdir(), 'obvault-backup-end-'));
  harness = await start();
  tenantId = await makeTenant(harness, 'a');
  await startArchiving(harness, 'a');
  await harness.sql('a', 'CREATE DATABASE d');
  await harness.sql('a', 'CREATE TABLE d.t (id INT PRIMARY KEY)');
  await backup('DATABASE');
});
afterEach(async () => {
  await harness.stop();
  rmSync(directory, { recursive: true, force: true });
});

const roundIs = (status: string) => harness.until(async () => (await roundOf(harness, 'a'))?.status === status);

async function backup(what: string): Promise<void> {
  await harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
  await harness.say(`ALTER SYSTEM BACKUP ${what}`, 'a');
  await settle(harness);
}

/** The set whose end was disturbed counts: the next one builds on it, and a restore takes both. */
async function expectCounts(): Promise<void> {
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE', result: 0 });
  const job = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }).at(-1));
  expect(job).toMatchObject({ status: 'COMPLETED', result: 0 });
  await backup('INCREMENTAL DATABASE');
  expect((await setsOf(harness, 'a')).at(-1)).toMatchObject({ backupType: 'INC', prevFullBackupSetId: 2 });
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs('STOP');
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs('DOING');
  await backup('INCREMENTAL DATABASE');
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe(String(rows));
}

/** CANCEL, and time for the driver to hear of it. */
async function cancel(): Promise<void> {
  await harness.say('ALTER SYSTEM CANCEL BACKUP', 'a');
  let passes = 3;
  await harness.until(async () => --passes < 0);
}

test('a CANCEL that meets the end placeholder on its way comes too late', async () => {
  meanwhile = cancel;
  await backup('DATABASE');
  expect(meanwhile).toBeNull();
  await expectCounts();
});

test('a job that fails after its end placeholder has its name is finished', async () => {
  faults.arm(1, { kind: 'denied', moment: 'after' }, undefined, isEnd);
  await backup('DATABASE');
  expect(faults.hits).toHaveLength(1);
  await expectCounts();
});

test('a CANCEL that is found when the server starts does not take back a set that stands', async () => {
  let stopped: Promise<void> | null = null as Promise<void> | null;
  meanwhile = async () => {
    await cancel();
    stopped = harness.stop();
    throw new Error('the server stops');
  };
  await harness.sql('a', `INSERT INTO d.t VALUES (${++rows})`);
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await harness.until(async () => stopped !== null);
  await stopped;
  harness = await start();
  await settle(harness);
  await expectCounts();
});
