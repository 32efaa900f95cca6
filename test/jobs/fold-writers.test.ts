import { afterEach, expect, test } from 'vitest';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import type { Medium } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, restoredValue, roundOf, shipped, startHarness } from './job-harness.ts';
import { context } from './statement-context.ts';

let harness: Harness | null = null;
afterEach(async () => {
  await harness?.stop();
  harness = null;
});

/** Appends to log files take `delayMs()` each; everything else is as it was. */
function slowAppends(medium: Medium, delayMs: () => number): Medium {
  return Object.assign(Object.create(medium) as Medium, {
    async openAppend(...args: Parameters<Medium['openAppend']>) {
      const sink = await medium.openAppend(...args);
      return {
        get sizeBytes() {
          return sink.sizeBytes;
        },
        async append(bytes: Uint8Array) {
          await new Promise((resolve) => setTimeout(resolve, delayMs()));
          await sink.append(bytes);
        },
        close: () => sink.close(),
      };
    },
  });
}

const foldLogBytes = 300_000;

test('under an archive too slow to wait for, writers go on, the log is cut off, and nothing is missing', async () => {
  let delayMs = 0;
  harness = await startHarness({
    settings: { foldLogBytes },
    wrapMedium: (medium, path) => (path.endsWith('archive') ? slowAppends(medium, () => delayMs) : medium),
  });
  const { controller } = harness;
  const tenantId = await archivedTenant(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT');
  await backedUp(harness);
  // Two appends take longer than writers wait for a seal at first.
  delayMs = 260;
  const engine = await tenantEngineOf(controller, tenantId);
  let over = false;
  let commits = 0;
  const hurry = async (sessionId: number) => {
    const session = await engine.openSession(sessionId);
    const hasty = { ...context, lockWaitTimeoutMs: 0 };
    const sql = `INSERT INTO d.t (v) VALUES ('${'y'.repeat(3_000)}')`;
    for (; !over; commits++) {
      await session.execute({ sql, format: 'text', context: hasty, nowUs: 0, deadlineUs: 0 });
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await session.close();
  };
  const writers = Promise.all([51, 52].map(hurry));
  writers.catch(() => undefined);
  await harness.until(async () => (await engine.logBytes()) > foldLogBytes);
  await harness.until(async () => (await engine.logBytes()) < foldLogBytes);
  over = true;
  await writers;
  await shipped(harness, 'a');
  expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
  delayMs = 0;
  expect(await restoredValue(harness, 'a', 'b', 'SELECT COUNT(*) FROM d.t')).toBe(String(commits));
});
