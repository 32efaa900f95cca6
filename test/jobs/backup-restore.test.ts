import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { backedUp, makeTable, roundIs } from './backed-up-tenant.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  roundOf,
  setsOf,
  settle,
  shipped,
  startArchiving,
  startHarness,
} from './job-harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = await startHarness();
});
afterEach(async () => {
  await harness.stop();
});

async function loadRows(name: string, count: number): Promise<void> {
  await makeTable(harness, 'id INT PRIMARY KEY, v VARCHAR(100)', name);
  for (let i = 0; i < count; i += 500) {
    const rows = Array.from({ length: Math.min(500, count - i) }, (_, j) => `(${i + j + 1}, 'row ${i + j + 1}')`);
    await harness.sql(name, `INSERT INTO d.t VALUES ${rows.join(',')}`);
  }
}

async function restore(from: string, to: string, until = ''): Promise<string> {
  await makePool(harness, `pool_${to}`);
  const paths = `${harness.place(`${from}/data`)},${harness.place(`${from}/archive`)}`;
  await harness.say(
    `ALTER SYSTEM RESTORE ${to} FROM '${paths}' ${until} WITH 'pool_list=pool_${to}&concurrency=1&CONCURRENCY=3'`,
  );
  await settle(harness);
  const job = await harness.controller.catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: to }));
  expect(job).toHaveLength(2);
  expect(job.map(({ stepData }) => stepData)).toContainEqual(expect.objectContaining({ concurrency: 3 }));
  return job.map((row) => `${row.status} ${row.comment}`.trim()).join(',');
}

describe('backup and restore', () => {
  test('a tenant whose tables call functions restores', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await makeTable(
      harness,
      "id INT PRIMARY KEY, v VARCHAR(9), w VARCHAR(9) AS (lpad(upper(v), 6, '*')), CHECK (v REGEXP '^a')",
    );
    await harness.sql('a', "INSERT INTO d.t (id, v) VALUES (1, 'ab'), (2, 'a')");
    await backedUp(harness);
    await shipped(harness, 'a');
    expect(await restore('a', 'b')).toBe('RESTORE_SUCCESS,RESTORE_SUCCESS');
    expect(await harness.value('b', 'SELECT GROUP_CONCAT(w ORDER BY id) FROM d.t')).toBe('****AB,*****A');
  });

  test('a full set restores on the latest point, commits of the log included', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await loadRows('a', 2000);
    await backedUp(harness);
    const [set] = await setsOf(harness, 'a');
    expect(set).toMatchObject({ status: 'SUCCESS', fileStatus: 'AVAILABLE', encryptionMode: 'NONE' });
    await harness.sql('a', "INSERT INTO d.t VALUES (5000, 'after the set')");
    await shipped(harness, 'a');
    expect(await restore('a', 'b')).toBe('RESTORE_SUCCESS,RESTORE_SUCCESS');
    expect(await harness.value('b', 'SELECT COUNT(*) FROM d.t')).toBe('2001');
    expect(await harness.value('b', 'SELECT v FROM d.t WHERE id = 5000')).toBe('after the set');
    await expect(harness.sql('b', 'DELETE FROM d.t')).rejects.toMatchObject({ errno: 4688 });
    await harness.say('ALTER SYSTEM ACTIVATE STANDBY TENANT = b');
    expect(await harness.sql('b', 'DELETE FROM d.t WHERE id = 1')).toBe(1);
  });

  test('UNTIL SCN shows exactly the commits up to it', async () => {
    const tenantId = await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await loadRows('a', 10);
    await backedUp(harness);
    const engine = await harness.controller.engines.open(tenantId);
    const points: bigint[] = [];
    for (let i = 0; i < 20; i++) {
      await harness.sql('a', `INSERT INTO d.t VALUES (${100 + i}, 'x')`);
      points.push((await (await engine.log()).barrier()).scn);
    }
    await harness.until(async () => ((await roundOf(harness, 'a'))?.checkpointScn ?? 0n) >= (points.at(-1) ?? 0n));
    expect(await restore('a', 'b', `UNTIL SCN = ${points[7]}`)).toBe('RESTORE_SUCCESS,RESTORE_SUCCESS');
    expect(await harness.value('b', 'SELECT MAX(id) FROM d.t')).toBe('107');
    expect(await restore('a', 'c', `UNTIL SCN = ${(points[12] ?? 0n) - 1n}`)).toBe('RESTORE_SUCCESS,RESTORE_SUCCESS');
    expect(['111', '112']).toContain(await harness.value('c', 'SELECT MAX(id) FROM d.t'));
  });

  test('a job whose format file is gone ends FAILED with -9080 although the statement said OK', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    rmSync(join(harness.directory, 'a/data/format.obbak'));
    await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
    await settle(harness);
    const [job] = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ backupSetId: 1 }));
    expect(job).toMatchObject({ status: 'FAILED', result: -9080 });
    expect(job?.comment).toMatch(
      /^\(ROOTSERVICE\)addr: 127\.0\.0\.1:2882, result: -9080\(format file does not exist\), trace_id: /,
    );
    expect(await setsOf(harness, 'a')).toEqual([]);
  });

  test('a flipped byte in a data file ends the restore with a coded failure', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await loadRows('a', 3000);
    await backedUp(harness);
    const directory = join(harness.directory, 'a/data/backup_set_1_full/logstream_1001/major_data_turn_1_retry_0');
    const file = join(directory, 'macro_block_data.0.obbak');
    const bytes = readFileSync(file);
    bytes[2000] = (bytes[2000] ?? 0) ^ 1;
    writeFileSync(file, bytes);
    const outcome = await restore('a', 'b');
    expect(outcome).toMatch(/^RESTORE_FAIL .*-4103/);
    expect(await harness.value('a', 'SELECT COUNT(*) FROM d.t')).toBe('3000');
  });

  test('the documented files lie on the media', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await loadRows('a', 10);
    await backedUp(harness);
    const data = join(harness.directory, 'a/data');
    expect(readdirSync(data).sort()).toEqual(['backup_set_1_full', 'backup_sets', 'check_file', 'format.obbak']);
    expect(
      readdirSync(join(data, 'backup_sets'))
        .map((name) => name.replace(/\d{8}T\d{6}/, 'T'))
        .sort(),
    ).toEqual(['backup_set_1_full_end_success_T.obbak', 'backup_set_1_full_start.obbak']);
    expect(existsSync(join(data, 'backup_set_1_full/infos/locality_info.obbak'))).toBe(true);
    const archive = join(harness.directory, 'a/archive');
    expect(readdirSync(archive).sort()).toEqual(['check_file', 'format.obbak', 'piece_d1001r1p1', 'pieces', 'rounds']);
    expect(readdirSync(join(archive, 'rounds'))).toEqual(['round_d1001r1_start.obarc']);
    expect(readdirSync(join(archive, 'piece_d1001r1p1/logstream_1001/log'))).toEqual(['1.obarc']);
  });

  test('NOARCHIVELOG stops the round and leaves its end files; the next round gets a new number', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await harness.say('ALTER SYSTEM NOARCHIVELOG TENANT = a');
    await roundIs(harness, 'STOP');
    const archive = join(harness.directory, 'a/archive');
    expect(readdirSync(join(archive, 'rounds')).sort()).toEqual([
      'round_d1001r1_end.obarc',
      'round_d1001r1_start.obarc',
    ]);
    expect(
      readdirSync(join(archive, 'pieces'))
        .map((name) => name.replace(/\d{8}T\d{6}/, 'T'))
        .sort(),
    ).toEqual(['piece_d1001r1p1_end_T.obarc', 'piece_d1001r1p1_start_T.obarc']);
    await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
    await roundIs(harness, 'DOING');
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 2, basePieceId: 2, destId: 1001 });
  });
});

describe('keys', () => {
  test('sets and log of a tenant with a master key restore with it and not without', async () => {
    const tenantId = await makeTenant(harness, 'a');
    await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
    await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
    await startArchiving(harness, 'a');
    await loadRows('a', 50);
    await harness.sql('a', "INSERT INTO d.t VALUES (1000, 'a very recognisable secret text')");
    await backedUp(harness);
    await harness.sql('a', "INSERT INTO d.t VALUES (1001, 'another very recognisable secret')");
    const [set] = await setsOf(harness, 'a');
    expect(set).toMatchObject({ status: 'SUCCESS', encryptionMode: 'TRANSPARENT_ENCRYPTION' });
    await harness.say(`ALTER SYSTEM BACKUP KEY TENANT = a TO '${harness.place('a/key')}' ENCRYPTED BY 'pw'`);
    await shipped(harness, 'a');
    await harness.controller.catalog.transaction((tx) => tx.keys.removeTenant(tenantId));
    await makePool(harness, 'p');
    const statement = `ALTER SYSTEM RESTORE b FROM '${harness.place('a/data')},${harness.place('a/archive')}' WITH 'pool_list=p'`;
    await expect(harness.say(statement)).rejects.toMatchObject({ errno: 4369 });
    const withKey = (password: string) =>
      `${statement} WITH KEY FROM '${harness.place('a/key')}' ENCRYPTED BY '${password}'`;
    await expect(harness.say(withKey('wrong'))).rejects.toMatchObject({ errno: 4352 });
    await harness.say(withKey('pw'));
    await settle(harness);
    expect(await harness.value('b', 'SELECT COUNT(*) FROM d.t')).toBe('52');
    for (const file of filesBelow(join(harness.directory, 'a'))) {
      expect(readFileSync(file).includes('recognisable secret'), file).toBe(false);
    }
  });

  test('a key backup older than the last rotation does not open what came after, a newer one does whatever its name', async () => {
    const tenantId = await makeTenant(harness, 'a');
    await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
    await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
    const keys = join(harness.directory, 'a/key/backup_key');
    await startArchiving(harness, 'a');
    await loadRows('a', 5);
    const backUpKey = async (password: string, as: string) => {
      await harness.say(`ALTER SYSTEM BACKUP KEY TENANT = a TO '${harness.place('a/key')}' ENCRYPTED BY '${password}'`);
      const names = readdirSync(keys).filter((name) => !/2001|2099/.test(name));
      expect(names).toHaveLength(1);
      renameSync(join(keys, names[0]!), join(keys, `${tenantId}_master_key_${as}.obbak`));
    };
    await backUpKey('pw', '20990101T000000');
    await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
    await backUpKey('pw', '20010101T000000');
    await backUpKey('another', '20010101T000001');
    await backedUp(harness);
    await harness.controller.catalog.transaction((tx) => tx.keys.removeTenant(tenantId));
    await makePool(harness, 'p');
    const statement = `ALTER SYSTEM RESTORE b FROM '${harness.place('a/data')},${harness.place('a/archive')}' WITH 'pool_list=p' WITH KEY FROM '${harness.place('a/key')}' ENCRYPTED BY 'pw'`;
    const newer = join(keys, `${tenantId}_master_key_20010101T000000.obbak`);
    const file = readFileSync(newer);
    writeFileSync(newer, file.subarray(1));
    await expect(harness.say(statement)).rejects.toMatchObject({ errno: 4369 });
    writeFileSync(newer, file);
    await harness.say(statement);
    await settle(harness);
    expect(await harness.value('b', 'SELECT COUNT(*) FROM d.t')).toBe('5');
  });

  test('a set under a password needs it', async () => {
    await makeTenant(harness, 'a');
    await startArchiving(harness, 'a');
    await loadRows('a', 5);
    await harness.say("SET ENCRYPTION ON IDENTIFIED BY 'Tr0ub4dor' ONLY", 'a');
    await backedUp(harness);
    const [set] = await setsOf(harness, 'a');
    expect(set).toMatchObject({ status: 'SUCCESS', encryptionMode: 'PASSWORD' });
    expect(set?.passwd).toMatch(/^\*[0-9a-f]{40}$/);
    await makePool(harness, 'p');
    const statement = `ALTER SYSTEM RESTORE b FROM '${harness.place('a/data')},${harness.place('a/archive')}' WITH 'pool_list=p'`;
    await expect(harness.say(statement)).rejects.toMatchObject({ errno: 9047 });
    await harness.say("SET DECRYPTION IDENTIFIED BY 'no', 'Tr0ub4dor'");
    await harness.say(statement);
    await settle(harness);
    expect(await harness.value('b', 'SELECT COUNT(*) FROM d.t')).toBe('5');
  });

  test('a tenant without a master key has none to back up', async () => {
    await makeTenant(harness, 'a');
    await expect(
      harness.say(`ALTER SYSTEM BACKUP KEY TENANT = a TO '${harness.place('a/key')}' ENCRYPTED BY 'pw'`),
    ).rejects.toMatchObject({ errno: 4369 });
  });
});

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
