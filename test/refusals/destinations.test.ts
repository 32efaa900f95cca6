import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestServer } from '../server/server-fixture.ts';
import {
  archiveRefusals,
  contentRefusals,
  restoreSourceRefusals,
  targetRefusals,
  uriRefusals,
} from './destination-cases.ts';
import { testRefusals } from './refusal-tests.ts';
import { openScene, type Scene, startArchive, until } from './scene.ts';

let scene: Scene;
const sys = 'root@sys';
beforeAll(async () => {
  scene = await openScene({ tenants: ['t', 't2', 'kit', 'shut'], nobodies: ['bob@t'] });
  await scene.ok(sys, 'ALTER TENANT shut LOCK');
  await scene.ok('root@t', "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/t/data'");
  await startArchive(scene, 'kit');
  await layOut(scene);
});
afterAll(() => scene?.stop());

/** Directories a destination must not be. */
async function layOut({ directory }: Scene): Promise<void> {
  const at = (...names: string[]) => join(directory, ...names);
  const make = (name: string) => mkdirSync(at(name), { recursive: true });
  for (const name of ['used', 'hidden', 'nested/inner', 'flipped', 'blank', 'short', 'othercluster']) make(name);
  writeFileSync(at('used', 'lost+found'), '');
  writeFileSync(at('hidden', '.snapshot'), '');
  writeFileSync(at('file'), 'no directory');
  cpSync(at('t', 'data'), at('copy'), { recursive: true });
  const format = readFileSync(at('t', 'data', 'format.obbak'));
  const flipped = Buffer.from(format);
  flipped[flipped.length - 3]! ^= 1;
  writeFileSync(at('flipped', 'format.obbak'), flipped);
  writeFileSync(at('blank', 'format.obbak'), '');
  writeFileSync(at('short', 'format.obbak'), format.subarray(0, 40));
  await claimByOtherCluster(at('othercluster'));
}

/** The tenant of the same number of another cluster has this directory. */
async function claimByOtherCluster(directory: string): Promise<void> {
  const other = await startTestServer({ clusterId: 7 });
  const client = await other.connect();
  const unit = ["CREATE RESOURCE UNIT u MAX_CPU 1, MEMORY_SIZE '5G'", "CREATE RESOURCE POOL p UNIT 'u', UNIT_NUM 1"];
  for (const sql of [...unit, "CREATE TENANT t RESOURCE_POOL_LIST = ('p')"]) await client.query(sql);
  await client.query(`ALTER SYSTEM SET DATA_BACKUP_DEST='file://${directory}' TENANT = t`);
  client.destroy();
  await other.stop();
}

testRefusals('whose destination', targetRefusals, () => scene);
testRefusals('the text of a destination', uriRefusals, () => scene);
testRefusals('LOG_ARCHIVE_DEST and its state', archiveRefusals, () => scene);
testRefusals('LOG_RESTORE_SOURCE', restoreSourceRefusals, () => scene);
testRefusals('what lies there', contentRefusals, () => scene);

describe('what the refusals leave and what is carried out', () => {
  const dataDest = (tenant: string) =>
    scene.value(
      `root@${tenant}`,
      "SELECT value FROM oceanbase.DBA_OB_BACKUP_PARAMETER WHERE name = 'data_backup_dest'",
    );

  test('a refused destination changes nothing', async () => {
    const before = await dataDest('t');
    await scene.say('root@t', "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/used'");
    expect([before, await dataDest('t')]).toEqual([scene.fill('file://$DIR/t/data'), before]);
  });

  test('the same path again, another one, back again, none', async () => {
    const ids = async () =>
      (
        await scene.rows(
          'root@t',
          'SELECT dest_id FROM oceanbase.DBA_OB_BACKUP_STORAGE_INFO WHERE dest_id > 0 ORDER BY 1',
        )
      ).map((row) => row['dest_id']);
    const set = (uri: string) => scene.ok('root@t', `ALTER SYSTEM SET DATA_BACKUP_DEST='${uri}'`);
    const first = await ids();
    await set('file://$DIR/t/data///');
    expect(await ids()).toEqual(first);
    await set('file://$DIR/t/data2');
    expect((await ids()).length).toBe(first.length + 1);
    await set('file://$DIR/t/data');
    expect((await ids()).length).toBe(first.length + 1);
    await set('');
    expect(await dataDest('t')).toBe('');
    await set('file://$DIR/t/data');
  });

  test('an empty directory below a destination may be one', async () => {
    await scene.ok('root@t2', "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/t/data/below'");
  });

  test('items of an archive destination, in any case and order', async () => {
    await scene.ok(
      'root@t2',
      "ALTER SYSTEM SET LOG_ARCHIVE_DEST='binding=Mandatory  piece_switch_interval=3d Location=file://$DIR/t2/log compression=DISABLE'",
    );
    const rows = await scene.rows('root@t2', 'SELECT name, value FROM oceanbase.DBA_OB_ARCHIVE_DEST ORDER BY name');
    const { path, dest_id, ...others } = Object.fromEntries(rows.map((row) => [row['name'], row['value']]));
    expect(path).toBe(scene.fill('file://$DIR/t2/log'));
    expect(others).toEqual({ binding: 'MANDATORY', piece_switch_interval: '3d', state: 'ENABLE' });
    await scene.ok('root@t2', "ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE='defer'");
    await scene.ok('root@t2', "ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://$DIR/t2/log'");
    const state = "SELECT value FROM oceanbase.DBA_OB_ARCHIVE_DEST WHERE name = 'state'";
    expect(await scene.value('root@t2', state)).toBe('ENABLE');
    await scene.ok('root@t2', "ALTER SYSTEM SET LOG_ARCHIVE_DEST=''", "ALTER SYSTEM SET LOG_RESTORE_SOURCE=''");
    expect(await scene.rows('root@t2', 'SELECT * FROM oceanbase.DBA_OB_ARCHIVE_DEST')).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)('a directory the server may not write to is 9071', async () => {
    mkdirSync(join(scene.directory, 'foreign'), { mode: 0o700 });
    process.seteuid!(65_534);
    try {
      const answer = await scene.say('root@t2', "ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/foreign/x'");
      const text = 'no I/O operation permission at the backup destination';
      expect(answer).toEqual({ errno: 9071, sqlstate: 'HY000', text });
    } finally {
      process.seteuid!(0);
    }
  });

  test('a suspended round keeps its destination, a stopped one lets it go', async () => {
    const round = (status: string) =>
      until(
        () => scene.value('root@kit', 'SELECT status FROM oceanbase.DBA_OB_ARCHIVELOG'),
        (now) => now === status,
      );
    await scene.ok('root@kit', "ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE='DEFER'");
    await round('SUSPEND');
    const change = "ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://$DIR/kit/log2'";
    expect((await scene.say('root@kit', change)).errno).toBe(1235);
    await scene.ok('root@kit', 'ALTER SYSTEM NOARCHIVELOG');
    await until(
      () => scene.say('root@kit', change),
      ({ errno }) => errno === 0,
    );
  });
});
