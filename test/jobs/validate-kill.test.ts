import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeTable, setShortPieces } from './backed-up-tenant.ts';
import { makeTenant, settle, startHarness } from './job-harness.ts';
import { KilledServer, lastNumber } from './killed-server.ts';
import { ended, findingsOf, lastJob, tasksOf, validate } from './validate-scene.ts';

/* Whatever a killed server leaves behind: a job of VALIDATE goes on to its end, and nothing looks damaged that is not. */

const server = new KilledServer('./kill-child.ts');
const { directory } = server;
let points = 0;

beforeAll(async () => {
  const live = await startHarness({ directory });
  const tenantId = await makeTenant(live, 'a');
  await live.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
  await live.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await setShortPieces(live, tenantId, '700ms');
  await makeTable(live, 'id INT PRIMARY KEY, v TEXT');
  await live.stop();
  server.keep();
  points = lastNumber(await server.run(0, 0), 'points');
});
afterAll(() => server.remove());

describe('a server killed', () => {
  for (const part of [0.3, 0.52, 0.58, 0.64, 0.9])
    test(`at ${part} of its points`, async () => {
      expect(points).toBeGreaterThan(300);
      expect((await server.run(Math.round(points * part), 0)).errors).toBe('');
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
