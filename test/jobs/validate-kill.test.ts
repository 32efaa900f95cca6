import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTenant, settle, startHarness } from './job-harness.ts';
import { ended, findingsOf, lastJob, tasksOf, validate } from './validate-scene.ts';

/* Whatever a killed server leaves behind: a job of VALIDATE goes on to its end, and nothing looks damaged that is not. */

const root = mkdtempSync(join(tmpdir(), 'obvault-validate-kill-'));
const directory = join(root, 'live');
const template = join(root, 'template');
let points = 0;

beforeAll(async () => {
  const live = await startHarness({ directory });
  const tenantId = await makeTenant(live, 'a');
  await live.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
  await live.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await live.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${live.place('a/archive')}' TENANT = a`);
  await live.controller.catalog.transaction((tx) =>
    tx.destinations.setArchiveDest(tenantId, 0, { piece_switch_interval: '700ms' }),
  );
  await live.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${live.place('a/data')}' TENANT = a`);
  await live.sql('a', 'CREATE DATABASE d');
  await live.sql('a', 'CREATE TABLE d.t (id INT PRIMARY KEY, v TEXT)');
  await live.stop();
  cpSync(directory, template, { recursive: true });
  points = Number(/points (\d+)/.exec(await runChild(0))?.[1]);
}, 60_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** The life of a tenant on a fresh copy of the template, killed at a point; what it said. */
function runChild(at: number): Promise<string> {
  rmSync(directory, { recursive: true, force: true });
  cpSync(template, directory, { recursive: true });
  const script = fileURLToPath(new URL('./kill-child.ts', import.meta.url));
  return new Promise((resolve) =>
    execFile(process.execPath, [script, directory, String(at), '0'], (_, stdout) => resolve(stdout)),
  );
}

describe('a server killed', () => {
  for (const part of [0.3, 0.52, 0.58, 0.64, 0.9])
    test(`at ${part} of its points`, { timeout: 60_000 }, async () => {
      expect(points).toBeGreaterThan(300);
      await runChild(Math.round(points * part));
      const harness = await startHarness({ directory });
      try {
        await ended(harness);
        const left = await lastJob(harness, 'a').catch(() => null);
        if (left !== null) expect(left).toMatchObject({ status: 'COMPLETED', result: 0 });
        for (const moment of ['while the rest goes on', 'at rest']) {
          const job = await validate(harness, 'a', 'BACKUP');
          const found = (await findingsOf(harness, 'a')).filter(({ kind }) => kind !== 'FOREIGN');
          expect(found, moment).toEqual([]);
          expect(job, moment).toMatchObject({ status: 'COMPLETED', result: 0, comment: '' });
          for (const task of await tasksOf(harness, 'a', job))
            expect(task).toMatchObject({ conclusion: 'OK', result: 0 });
          await settle(harness);
        }
      } finally {
        await harness.stop();
      }
    });
});
