import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { fault } from '../../src/base/errors.ts';
import { unlimitedScn } from '../../src/base/scn.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { columnName } from '../../src/catalog/store.ts';
import { tenantType } from '../../src/catalog/tenants.ts';
import {
  archivePiece,
  archiveRound,
  backupJob,
  backupSet,
  backupTask,
  deleteJob,
  deleteTask,
  restoreJob,
  stoppedRound,
  sysBackupJob,
} from './sample-rows.ts';
import { openScratchCatalog, type ScratchCatalog } from './scratch.ts';

let scratch: ScratchCatalog;
let catalog: Catalog;

beforeEach(() => {
  scratch = openScratchCatalog();
  catalog = scratch.catalog;
});
afterEach(() => scratch.remove());

test('field names become column names', () => {
  expect([columnName('tenantId'), columnName('pieceSwitchIntervalUs'), columnName('name1')]).toEqual([
    'tenant_id',
    'piece_switch_interval_us',
    'name1',
  ]);
});

describe('rows', () => {
  test('come back as they were written, SCNs beyond 2^53 and JSON included', async () => {
    const rows = await catalog.transaction(({ archives, backups, deletions, restores }) => {
      backups.jobs.insert(backupJob);
      backups.tasks.insert(backupTask);
      backups.sets.insert(backupSet);
      archives.rounds.insert(archiveRound);
      archives.pieces.insert(archivePiece);
      deletions.jobs.insert(deleteJob);
      deletions.tasks.insert(deleteTask);
      restores.jobs.insert(restoreJob);
      return [
        backups.jobs.get({ tenantId: 1002, jobId: 1 }),
        backups.tasks.get({ tenantId: 1002, taskId: 1 }),
        backups.setById(1002, 1),
        archives.rounds.get({ tenantId: 1002, destNo: 0 }),
        archives.pieces.list()[0],
        deletions.jobs.list()[0],
        deletions.tasks.list()[0],
        restores.jobs.list()[0],
      ];
    });
    expect(rows).toEqual([
      backupJob,
      backupTask,
      backupSet,
      archiveRound,
      archivePiece,
      deleteJob,
      deleteTask,
      restoreJob,
    ]);
  });

  test('are found by fields, null included, and changed one field at a time', async () => {
    const seen = await catalog.transaction(({ backups: { jobs } }) => {
      jobs.insert(backupJob);
      jobs.insert({ ...backupJob, jobId: 2, endUs: 5, status: 'COMPLETED' });
      const running = jobs.list({ endUs: null }).map((job) => job.jobId);
      const changed = jobs.update({ tenantId: 1002, jobId: 2 }, { comment: "it's done", endUs: null });
      const missing = jobs.update({ tenantId: 1002, jobId: 9 }, { comment: 'x' });
      const late = jobs.select('WHERE status = ? ORDER BY job_id DESC', 'COMPLETED');
      return { running, changed, missing, late, gone: jobs.remove({ tenantId: 1002, jobId: 1 }), left: jobs.list() };
    });
    expect(seen).toMatchObject({ running: [1], changed: true, missing: false, gone: true });
    expect(seen.late[0]).toMatchObject({ jobId: 2, comment: "it's done", endUs: null });
    expect(seen.left.map((job) => job.jobId)).toEqual([2]);
  });

  test('a duplicate key, a missing field and a fraction are bugs', async () => {
    await catalog.transaction(({ backups }) => backups.jobs.insert(backupJob));
    const twice = catalog.transaction(({ backups }) => backups.jobs.insert(backupJob));
    await expect(twice).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_PRIMARYKEY' });
    const half = { ...backupJob, jobId: 2, result: 0.5 };
    await expect(catalog.transaction(({ backups }) => backups.jobs.insert(half))).rejects.toThrow(/safe integer/);
    const { path: _, ...bare } = backupJob;
    const less = { ...bare, jobId: 3 } as typeof backupJob;
    await expect(catalog.transaction(({ backups }) => backups.jobs.insert(less))).rejects.toThrow(/no value/);
  });

  test('a coded error passes through a step and undoes it', async () => {
    const step = catalog.transaction(({ backups }) => {
      backups.jobs.insert(backupJob);
      throw fault('OB_BACKUP_IN_PROGRESS');
    });
    await expect(step).rejects.toMatchObject({ symbol: 'OB_BACKUP_IN_PROGRESS' });
    expect(await catalog.read(({ backups }) => backups.jobs.list())).toEqual([]);
  });
});

describe('counters', () => {
  test('start and step as OceanBase counts', async () => {
    const seen = await catalog.transaction(({ counters }) => [
      counters.next(1002, 'job'),
      counters.next(1002, 'job'),
      counters.next(1, 'job'),
      counters.next(1002, 'task'),
      counters.next(1002, 'dest'),
      counters.next(1004, 'dest'),
      counters.next(1002, 'dest'),
      counters.nextOfCluster('tenant'),
      counters.nextOfCluster('tenant'),
      counters.nextOfCluster('rootServiceJob'),
    ]);
    expect(seen).toEqual([1, 2, 1, 1, 1001, 1001, 1002, 1002, 1004, 1]);
  });

  test('can be raised, never lowered', async () => {
    const seen = await catalog.transaction(({ counters }) => {
      counters.atLeast(1002, 'dest', 1007);
      counters.atLeast(1002, 'dest', 1003);
      return [counters.last(1002, 'dest'), counters.next(1002, 'dest'), counters.last(1004, 'dest')];
    });
    expect(seen).toEqual([1007, 1008, 1000]);
  });
});

describe('tenants', () => {
  test('come with a meta tenant and start unlimited', async () => {
    const seen = await catalog.transaction(({ tenants }) => {
      tenants.create(1002, { tenantName: 'shop', primaryZone: 'zone1' });
      return { user: tenants.byName('shop'), meta: tenants.get({ tenantId: 1001 }), users: tenants.users().length };
    });
    expect(seen.user).toMatchObject({
      tenantId: 1002,
      status: 'NORMAL',
      role: 'PRIMARY',
      recoveryUntilScn: unlimitedScn,
      syncScn: BigInt(scratch.clock.nowUs()) * 1000n,
    });
    expect(seen.meta).toMatchObject({ tenantName: 'META$1002', primaryZone: 'zone1', syncScn: null });
    expect(seen.users).toBe(1);
    expect([tenantType(1), tenantType(1001), tenantType(1002)]).toEqual(['SYS', 'META', 'USER']);
  });

  test('names are unique and tell case apart', async () => {
    await catalog.transaction(({ tenants }) => tenants.create(1002, { tenantName: 'shop' }));
    const twice = catalog.transaction(({ tenants }) => tenants.create(1004, { tenantName: 'shop' }));
    await expect(twice).rejects.toMatchObject({ code: 'SQLITE_CONSTRAINT_UNIQUE' });
    await catalog.transaction(({ tenants }) => tenants.create(1004, { tenantName: 'SHOP' }));
    expect(await catalog.read(({ tenants }) => tenants.byName('Shop'))).toBeNull();
  });

  test('change moves the modification time, drop takes the meta tenant along', async () => {
    await catalog.transaction(({ tenants }) => tenants.create(1002, { tenantName: 'shop' }));
    scratch.clock.setUs(1_800_000_000_000_000);
    await catalog.transaction(({ tenants }) => tenants.change(1002, { logMode: 'ARCHIVELOG' }));
    expect(await catalog.read(({ tenants }) => tenants.byName('shop'))).toMatchObject({
      logMode: 'ARCHIVELOG',
      modifyUs: 1_800_000_000_000_000,
    });
    await catalog.transaction(({ tenants }) => tenants.drop(1002));
    expect(await catalog.read(({ tenants }) => tenants.list().map((tenant) => tenant.tenantId))).toEqual([1]);
    const gone = catalog.transaction(({ tenants }) => tenants.change(1002, { locked: true }));
    await expect(gone).rejects.toThrow(/no tenant 1002/);
  });
});

test('pools own units and are granted with them', async () => {
  const seen = await catalog.transaction(({ counters, resources }) => {
    const config = resources.unitConfigByName('sys_unit_config')!;
    resources.unitConfigs.insert({ ...config, unitConfigId: counters.nextOfCluster('unitConfig'), name: 'small' });
    const pool = { ...resources.poolByName('sys_pool')!, name: 'p', tenantId: null, unitConfigId: 1001 };
    resources.createPool({ ...pool, resourcePoolId: counters.nextOfCluster('resourcePool') }, () =>
      counters.nextOfCluster('unit'),
    );
    resources.grant(1001, 1002, 1001);
    const granted = resources.units.list({ resourcePoolId: 1001 });
    const owned = resources.poolsOfTenant(1002).map(({ name }) => name);
    resources.grant(1001, null, 0);
    const free = resources.units.list({ resourcePoolId: 1001 });
    resources.pools.remove({ resourcePoolId: 1001 });
    return { granted, owned, free, left: resources.units.list({ resourcePoolId: 1001 }) };
  });
  expect(seen.granted).toMatchObject([{ unitId: 1001, zone: 'zone1', unitGroupId: 1001 }]);
  expect(seen.owned).toEqual(['p']);
  expect(seen.free).toMatchObject([{ unitGroupId: 0 }]);
  expect(seen.left).toEqual([]);
});

test('destinations: clearing keeps the data row and removes the archive rows', async () => {
  const seen = await catalog.transaction(({ destinations }) => {
    const attributes = { binding: 'OPTIONAL', dest_id: '1002', path: 'file:///a', state: 'ENABLE' };
    destinations.setDataDest(1002, 'file:///d');
    destinations.setArchiveDest(1002, 0, attributes);
    destinations.setArchiveDest(1002, 0, { state: 'DEFER' });
    const before = [destinations.dataDest(1002), destinations.archiveDest(1002, 0)];
    destinations.setDataDest(1002, '');
    destinations.clearArchiveDest(1002, 0);
    return [...before, destinations.backupParameters.list(), destinations.archiveDest(1002, 0)];
  });
  expect(seen).toEqual([
    'file:///d',
    { binding: 'OPTIONAL', dest_id: '1002', path: 'file:///a', state: 'DEFER' },
    [{ tenantId: 1002, name: 'data_backup_dest', value: '' }],
    null,
  ]);
});

describe('history', () => {
  test('a backup job takes its task along and leaves its log streams', async () => {
    const seen = await catalog.transaction(({ backups }) => {
      backups.jobs.insert(backupJob);
      backups.jobs.insert(sysBackupJob);
      backups.tasks.insert({ ...backupTask, history: false });
      const plain = {
        tabletCount: 0,
        finishTabletCount: 0,
        macroBlockCount: 0,
        finishMacroBlockCount: 0,
        fileCount: 0,
      };
      backups.lsTasks.insert({
        ...{ tenantId: 1002, taskId: 1, lsId: 1001, taskType: 'BACKUP_META', turnId: 1, retryId: 0, jobId: 1 },
        ...{ backupSetId: 1, status: 'FINISH', startUs: 1, endUs: 2, result: 0, comment: '', ...plain },
        ...{ inputBytes: 0n, outputBytes: 0n, stepData: null },
      });
      const children = backups.childJobs(1).map((job) => job.tenantId);
      backups.moveToHistory(1002, 1);
      return {
        children,
        live: backups.liveJobs().map((job) => job.tenantId),
        ofTenant: backups.liveJobs(1002),
        task: backups.taskOfJob(1002, 1)?.history,
        lsTasks: backups.lsTasks.list(),
      };
    });
    expect(seen).toEqual({ children: [1002], live: [1], ofTenant: [], task: true, lsTasks: [] });
  });

  test('rounds and pieces count on', async () => {
    const seen = await catalog.transaction(({ archives }) => {
      const fresh = [archives.nextRoundId(1002, 0), archives.nextPieceId(1002, 0)];
      archives.rounds.insert(stoppedRound);
      archives.copyToHistory(1002, 0);
      const second = [archives.nextRoundId(1002, 0), archives.nextPieceId(1002, 0)];
      archives.rounds.put(archiveRound);
      const third = [archives.nextRoundId(1002, 0), archives.nextPieceId(1002, 0), archives.nextRoundId(1002, 1)];
      return { fresh, second, third, history: archives.roundHistory.list() };
    });
    expect(seen).toEqual({ fresh: [1, 1], second: [2, 4], third: [3, 5, 1], history: [stoppedRound] });
  });

  test('restores and clean-ups', async () => {
    const seen = await catalog.transaction(({ deletions, restores }) => {
      restores.jobs.insert(restoreJob);
      restores.jobs.insert({ ...restoreJob, tenantId: 1, status: 'WAIT_TENANT_RESTORE_FINISH' });
      deletions.jobs.insert(deleteJob);
      deletions.tasks.insert(deleteTask);
      restores.moveToHistory(1008, 2);
      deletions.moveToHistory(1002, 7);
      return [
        restores.liveJobOfName('mysql')?.tenantId,
        restores.liveJobs(1008).length,
        deletions.liveJobs().length,
        deletions.tasks.list({ history: true }).length,
      ];
    });
    expect(seen).toEqual([1, 0, 0, 1]);
    // A name is free as soon as the restore is over, also while its rows still stand in the progress view.
    const free = await catalog.transaction(({ restores }) => {
      restores.jobs.update({ tenantId: 1008, jobId: 2 }, { status: 'RESTORE_FAIL' });
      return [restores.liveJobOfName('mysql'), restores.liveJobs(1).length];
    });
    expect(free).toEqual([null, 1]);
  });
});

test('the newest master key is the active one; secrets of a job end with it', async () => {
  const wrapped = Uint8Array.of(1, 2, 3);
  const seen = await catalog.transaction(({ keys }) => {
    const key = { tenantId: 1002, algorithm: 'aes-256-gcm', wrapped, createUs: 1, active: true };
    keys.activateMasterKey({ ...key, keyId: 1 });
    keys.activateMasterKey({ ...key, keyId: 2 });
    const secret = { tenantId: 1002, kind: 'backup', name: 'password', sealed: wrapped };
    keys.jobSecrets.insert({ ...secret, jobId: 1 });
    keys.jobSecrets.insert({ ...secret, jobId: 1, kind: 'restore' });
    keys.forgetJob(1002, 'backup', 1);
    return {
      active: keys.activeMasterKey(1002),
      all: keys.masterKeys.list({ tenantId: 1002 }).map(({ keyId, active }) => [keyId, active]),
      secrets: keys.jobSecrets.list().map(({ kind }) => kind),
    };
  });
  expect(seen.active?.keyId).toBe(2);
  expect(Buffer.from(seen.active!.wrapped)).toEqual(Buffer.from(wrapped));
  expect(seen.all).toEqual([
    [1, false],
    [2, true],
  ]);
  expect(seen.secrets).toEqual(['restore']);
});

test('variables of tenants, with their definitions', async () => {
  const definition = { defaultValue: 'OFF', minValue: '', maxValue: '', scope: 'GLOBAL | SESSION', info: '' } as const;
  const seen = await catalog.transaction(({ variables }) => {
    variables.define([{ ...definition, name: 'recyclebin' }]);
    variables.define([{ ...definition, name: 'recyclebin' }]);
    variables.set(1, 'RECYCLEBIN', 'ON');
    const set = variables.values(1);
    variables.reset(1, 'recyclebin');
    return [set, variables.values(1)];
  });
  expect(seen).toEqual([{ recyclebin: 'ON' }, {}]);
});

test('everything of a dropped tenant can be removed', async () => {
  const left = await catalog.transaction((all) => {
    all.backups.jobs.insert(backupJob);
    all.backups.sets.insert(backupSet);
    all.archives.rounds.insert(archiveRound);
    all.deletions.jobs.insert(deleteJob);
    all.destinations.setDataDest(1002, 'x');
    all.parameters.set(1002, 'archive_lag_target', '1s');
    all.counters.next(1002, 'job');
    all.restores.logSources.put({ tenantId: 1002, id: 1, type: 'LOCATION', value: 'x', recoveryUntilScn: 1n });
    const owners = [all.backups, all.archives, all.deletions, all.destinations, all.parameters, all.counters];
    for (const owner of [...owners, all.keys, all.restores, all.variables]) owner.removeTenant(1002);
    return [
      all.backups.jobs.list(),
      all.backups.sets.list(),
      all.archives.rounds.list(),
      all.deletions.jobs.list(),
      all.destinations.backupParameters.list(),
      all.restores.logSources.list(),
      all.parameters.changed(1002),
      all.counters.last(1002, 'job'),
    ];
  });
  expect(left).toEqual([[], [], [], [], [], [], {}, 0]);
});
