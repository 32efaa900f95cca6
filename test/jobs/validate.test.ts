import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import { type Harness, shipped, startHarness } from './job-harness.ts';
import { findingsOf, lastJob, proofsOf, tasksOf, validate } from './validate-scene.ts';

let harness: Harness;

beforeAll(async () => {
  harness = await startHarness({ maxLogFileBytes: 40_000 });
  await archivedTenant(harness, 'id INT PRIMARY KEY, v TEXT');
  await backedUp(harness);
  await harness.sql('a', "INSERT INTO d.t VALUES (0, 'for the second set')");
  await backedUp(harness, 'INCREMENTAL DATABASE PLUS ARCHIVELOG');
  for (let id = 1; id <= 5; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id}, '${'in the log '.repeat(500)}')`);
    await shipped(harness, 'a');
  }
});
afterAll(() => harness.stop());

describe('VALIDATE of what is whole', () => {
  test('reads every object of the sets and of the piece that is being written', async () => {
    const job = await validate(harness, 'a', 'BACKUP');
    expect(await findingsOf(harness, 'a')).toEqual([]);
    expect(job).toMatchObject({ status: 'COMPLETED', result: 0, damagedCount: 0, comment: '', level: 'physical' });
    const tasks = await tasksOf(harness, 'a', job);
    expect(tasks.map((task) => [task.taskType, task.status, task.conclusion])).toEqual([
      ['DESTINATION', 'COMPLETED', 'OK'],
      ['BACKUP SET', 'COMPLETED', 'OK'],
      ['BACKUP SET', 'COMPLETED', 'OK'],
      ['DESTINATION', 'COMPLETED', 'OK'],
      ['BACKUP PIECE', 'COMPLETED', 'OK'],
    ]);
    for (const task of tasks) {
      expect(task.finishFileCount).toBe(task.fileCount);
      expect(task.finishBytes).toBe(task.totalBytes);
      expect(task.fileCount).toBeGreaterThan(1);
    }
    expect(job.finishBytes).toBe(tasks.reduce((sum, task) => sum + task.finishBytes, 0n));
    expect((await proofsOf(harness, 'a')).map((proof) => [proof.objectType, proof.result, proof.method])).toEqual([
      ['BACKUP PIECE', 'OK', 'VALIDATE'],
      ['BACKUP SET', 'OK', 'VALIDATE'],
      ['BACKUP SET', 'OK', 'VALIDATE'],
    ]);
    expect(await lastJob(harness, 'a')).toMatchObject({ history: true });
  });
});
