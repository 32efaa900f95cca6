import { afterAll, beforeAll, expect, test } from 'vitest';
import { previewRows } from '../../src/jobs/restore/preview-rows.ts';
import { archivedTenant, backedUp } from './backed-up-tenant.ts';
import type { Harness } from './job-harness.ts';
import { makePool, setsOf, settle, shipped, startHarness } from './job-harness.ts';

let harness: Harness;
let from: string;
const points: bigint[] = [];

beforeAll(async () => {
  harness = await startHarness();
  await archivedTenant(harness);
  for (let id = 1; id <= 2; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await backedUp(harness);
    points.push(await shipped(harness, 'a'));
  }
  from = `${harness.place('a/data')},${harness.place('a/archive')}`;
  await makePool(harness, 'p');
});
afterAll(() => harness.stop());

test('a preview names the sets and pieces a restore would read', async () => {
  const preview = (until: bigint | null) =>
    previewRows(harness.controller, {
      from,
      until: until === null ? null : { kind: 'scn', scn: until },
      passwords: [],
    });
  const early = await preview(points[0] ?? 0n);
  expect(early.map(({ type, id }) => [type, id])).toEqual([
    ['BACKUP_SET', 1],
    ['BACKUP_PIECE', 1],
  ]);
  expect(early[0]?.path).toBe(`${harness.place('a/data')}/backup_set_1_full`);
  expect(early[1]?.path).toMatch(/\/a\/archive\/piece_d\d+r1p1$/);
  expect(early[1]?.description).toMatch(/^start_time=20\d\d-\d\d-\d\d \d\d:\d\d:\d\d\.\d{6}, checkpoint_time=/);
  expect((await preview(null)).map(({ id }) => id)).toEqual([2, 1]);
  const told: string[] = [];
  const beyond = previewRows(harness.controller, {
    ...{ from, until: { kind: 'scn', scn: 1n << 62n }, passwords: [] },
    onUnreachable: (windows) => told.push(...windows.map(({ fromScn }) => String(fromScn))),
  });
  await expect(beyond).rejects.toMatchObject({ errno: 4018 });
  expect(told).toEqual([String((await setsOf(harness, 'a'))[0]?.minRestoreScn)]);
  await expect(preview(1n << 62n)).rejects.toMatchObject({ errno: 4018, message: 'No enough log for restore' });
});

test('the statement is remembered by the session alone', async () => {
  await harness.say(`ALTER SYSTEM RESTORE FROM '${from}' UNTIL SCN = ${points[0]} PREVIEW`);
  expect((await harness.speaker()).memory.preview).toEqual({ from, until: { kind: 'scn', scn: points[0] } });
});

test('a point out of reach is answered with the stretches that can be reached', async () => {
  const speaker = await harness.speaker();
  const told: string[] = [];
  const { warn } = speaker;
  Object.assign(speaker, { warn: (_: string, __: number, text: string) => told.push(text) });
  const restore = harness.say(`ALTER SYSTEM RESTORE b FROM '${from}' UNTIL SCN = ${1n << 62n} WITH 'pool_list=p'`);
  await expect(restore).rejects.toMatchObject({ errno: 4018 });
  Object.assign(speaker, { warn });
  const [set] = await setsOf(harness, 'a');
  expect(told).toHaveLength(1);
  expect(told[0]).toContain(`(${set?.minRestoreScn})`);
});

test('added sources are the only ones used, and are used up', async () => {
  const root = harness.place('a/data');
  const archive = harness.place('a/archive');
  const piece = (await previewRows(harness.controller, { from, until: null, passwords: [] }))
    .at(-1)
    ?.path.split('/')
    .at(-1);
  const add = (text: string) => harness.say(`ALTER SYSTEM ADD RESTORE SOURCE '${text}'`);
  const restore = (name: string, clause = '') =>
    harness.say(`ALTER SYSTEM RESTORE ${name} ${clause} WITH 'pool_list=p'`);
  await add(`${root}/backup_set_1_full`);
  await expect(restore('b', `FROM '${from}'`)).rejects.toMatchObject({
    errno: 1235,
    message: 'should not have backup_dest and restore_source at the same time not supported',
  });
  await expect(restore('b')).rejects.toMatchObject({ errno: 9119, message: 'no usable log pieces' });
  await expect(restore('b')).rejects.toMatchObject({ errno: 1210 });
  await add(`${archive}/${piece}`);
  await expect(restore('b')).rejects.toMatchObject({ errno: 4018 });
  await add(`${root}/somewhere`);
  await harness.say('ALTER SYSTEM CLEAR RESTORE SOURCE');
  await add(`${root}/backup_set_1_full`);
  await add(` ${archive}/${piece}`);
  await restore('b', `UNTIL SCN = ${points[1]}`);
  await settle(harness);
  const [job] = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: 'b' }));
  expect(job).toMatchObject({ status: 'RESTORE_SUCCESS', backupSetList: `${root}/backup_set_1_full` });
  expect(await harness.value('b', 'SELECT COUNT(*) FROM d.t')).toBe('2');
  await expect(harness.say("ALTER SYSTEM ADD RESTORE SOURCE 'x'", 'a')).rejects.toMatchObject({ errno: 1235 });
});
