import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, startHarness } from './job-harness.ts';

/** Writes of an index that fail, as where a server is killed behind the data files. */
let failures = 0;
let harness: Harness;

function failing(medium: Medium): Medium {
  return {
    ...medium,
    async putSmall(key, ...rest) {
      if (failures === 0 || !key.endsWith('macro_range_index.obbak')) return medium.putSmall(key, ...rest);
      failures--;
      throw new MediumError('network', key, 'planned');
    },
  };
}

beforeAll(async () => {
  harness = await startHarness({ wrapMedium: failing, settings: { maxJobRetries: 3, retryPauseMs: 10 } });
  await archivedTenant(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
});
afterAll(() => harness.stop());

test('an attempt removes what the ones before it left, data files too', async () => {
  failures = 2;
  await backedUp(harness);
  expect(failures).toBe(0);
  const folder = join(harness.directory, 'a/data/backup_set_1_full/logstream_1001');
  expect(readdirSync(folder).filter((name) => name.startsWith('major_data'))).toEqual(['major_data_turn_1_retry_2']);
});
