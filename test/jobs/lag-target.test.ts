import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Connection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { createTenant, oneValue, startTestServer } from '../server/server-fixture.ts';

/** Different checkpoints seen in a second and a half. */
async function checkpoints(sys: Connection): Promise<number> {
  const seen = new Set<string>();
  const endMs = performance.now() + 1_500;
  while (performance.now() < endMs) {
    seen.add(String(await oneValue(sys, 'SELECT CAST(checkpoint_scn AS CHAR) FROM oceanbase.CDB_OB_ARCHIVELOG')));
    await sleep(5);
  }
  return seen.size;
}

test('archive_lag_target below the usual pace makes the archive follow more closely', async () => {
  const place = mkdtempSync(join(tmpdir(), 'obvault-lag-'));
  const server = await startTestServer({ tickMs: 60_000 });
  try {
    const sys = await server.connect();
    await createTenant(sys, 'a');
    await sys.query(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=file://${place}/archive' TENANT = a`);
    await sys.query('ALTER SYSTEM ARCHIVELOG TENANT = a');
    const status = () => oneValue(sys, 'SELECT status FROM oceanbase.CDB_OB_ARCHIVELOG');
    while ((await status()) !== 'DOING') await sleep(20);
    const usual = await checkpoints(sys);
    expect(usual).toBeGreaterThan(0);
    expect(usual).toBeLessThan(7);
    await sys.query("ALTER SYSTEM SET archive_lag_target = '0ms' TENANT = a");
    // The parameter is looked at every few seconds.
    const limitMs = performance.now() + 200_000;
    for (let close = 0; close < usual * 2; ) {
      close = await checkpoints(sys);
      expect(performance.now()).toBeLessThan(limitMs);
    }
    await sys.end();
  } finally {
    await server.stop();
    rmSync(place, { recursive: true, force: true });
  }
});
