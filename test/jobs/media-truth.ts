import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { singleSetInfoFile } from '../../src/destination/codec/set-files.ts';
import { parseSetPlaceholder, setDirectory } from '../../src/destination/layout.ts';
import { setMemory } from '../../src/jobs/backup/set-base.ts';
import type { Harness } from './job-harness.ts';

/** Names of the sets on a data destination whose end placeholder stands. */
export function endedSets(root: string): readonly string[] {
  return list(join(root, 'backup_sets'))
    .map((name) => parseSetPlaceholder(name))
    .filter((found) => found?.kind === 'end_success')
    .map((found) => setDirectory(found!));
}

/**
 * Rows and files must tell one story: no job is left over, a set is SUCCESS, ended and whole on the medium or FAILED, INCOMPLETE and
 * without an end placeholder. Call it once the medium works again.
 */
export async function expectTruth(harness: Harness, tenantId: number, dataRoot: string): Promise<void> {
  await harness.until(async () => !(await inDoubt(harness, tenantId)));
  const { sets, tasks, live } = await harness.controller.catalog.read((tx) => ({
    sets: tx.backups.sets.list({ tenantId }),
    tasks: tx.backups.tasks.list({ tenantId }),
    live: tx.backups.liveJobs(),
  }));
  expect(live).toEqual([]);
  for (const task of tasks) expect(['COMPLETED', 'FAILED', 'CANCELED']).toContain(task.status);
  const ended = endedSets(dataRoot);
  for (const set of sets) {
    const ends = ended.includes(`backup_set_${set.backupSetId}_${set.backupType.toLowerCase()}`);
    expect({ set: set.backupSetId, ends }).toEqual({ set: set.backupSetId, ends: set.status === 'SUCCESS' });
    expect(`${set.status} ${set.fileStatus}`).toMatch(/^(SUCCESS AVAILABLE|FAILED INCOMPLETE)$/);
  }
  for (const name of ended) expectWhole(join(dataRoot, name));
}

/** Whether the end placeholder of a failed set is still looked for. */
function inDoubt(harness: Harness, tenantId: number): Promise<boolean> {
  return harness.controller.catalog.read((tx) =>
    tx.backups.sets.list({ tenantId, status: 'FAILED' }).some((set) => setMemory(set).endInDoubt === true),
  );
}

/** Every byte the set's info file speaks of is there. */
function expectWhole(directory: string): void {
  const { set } = singleSetInfoFile.decode(readFileSync(join(directory, 'single_backup_set_info.obbak')));
  expect(set).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE' });
  const stream = join(directory, 'logstream_1001');
  const sizes = list(stream).map((turn) =>
    list(join(stream, turn))
      .filter((name) => name.startsWith('macro_block_data'))
      .reduce((sum, name) => sum + BigInt(statSync(join(stream, turn, name)).size), 0n),
  );
  expect(sizes).toContain(set.stats.outputBytes);
}

/** Temporary names below a directory: what an object that was given up must not leave. */
export function temporaryNames(root: string): readonly string[] {
  return readdirSync(root, { recursive: true })
    .map(String)
    .filter((name) => name.includes('.tmp.'));
}

function list(directory: string): readonly string[] {
  return existsSync(directory) ? readdirSync(directory) : [];
}
