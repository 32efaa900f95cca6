import { join } from 'node:path';
import { expect } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { backedUp, makeTable, roundIs, setShortPieces } from './backed-up-tenant.ts';
import type { FaultJobName } from './fault-loops.ts';
import { type FaultEffect, FaultMedia } from './fault-media.ts';
import {
  type Harness,
  makePool,
  makeTenant,
  restoredValue,
  roundOf,
  setsOf,
  settle,
  shipped,
  startHarness,
} from './job-harness.ts';
import { expectTruth } from './media-truth.ts';
import { ended, findingsOf, lastJob } from './validate-scene.ts';

/** A kind of job, begun and brought to its end, and what must hold whatever it met. */
export interface FaultJob {
  readonly name: FaultJobName;
  readonly places: RegExp;
  /** How long a piece lasts meanwhile. */
  readonly pieceSwitch?: string;
  /** Before the medium fails. */
  prepare?(scene: FaultScene): Promise<void>;
  run(scene: FaultScene): Promise<void>;
  /** What it says went wrong, null when it succeeded; throws when it says something that is not so. */
  check(scene: FaultScene): Promise<string | null>;
}

export interface FaultScene {
  readonly harness: Harness;
  readonly media: FaultMedia;
  readonly tenantId: number;
  rows: number;
  no: number;
}

/** A tenant with a set and a table, whose pieces last as long as the job wants it. */
export async function openFaultScene({ pieceSwitch = '1d' }: FaultJob): Promise<FaultScene> {
  const media = new FaultMedia();
  const harness = await startHarness({
    wrapMedium: (medium, path) => media.wrap(medium, path),
    maxLogFileBytes: 30_000,
    settings: { maxDeleteRetries: 3, archiveWaitMs: 20_000 },
  });
  const tenantId = await makeTenant(harness, 'a');
  await setShortPieces(harness, tenantId, pieceSwitch);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness, 'id INT PRIMARY KEY, v TEXT');
  const scene: FaultScene = { harness, media, tenantId, rows: 0, no: 0 };
  await insert(scene, 5);
  await backedUp(harness);
  await shipped(harness, 'a');
  return scene;
}

async function insert(scene: FaultScene, count: number): Promise<void> {
  for (let i = 0; i < count; i++)
    await scene.harness.sql('a', `INSERT INTO d.t VALUES (${++scene.rows}, '${'row '.repeat(200)}')`);
}

const summary = 'SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t';

function backup(name: FaultJobName, statement: string): FaultJob {
  return {
    name,
    places: /\/a\/data$/,
    async run(scene) {
      await insert(scene, 1);
      await scene.harness.say(statement, 'a');
      await settle(scene.harness);
    },
    async check({ harness, tenantId }) {
      await expectTruth(harness, tenantId, join(harness.directory, 'a/data'));
      const job = await harness.controller.catalog.read((tx) => tx.backups.jobs.list({ tenantId }).at(-1));
      const [set] = (await setsOf(harness, 'a')).slice(-1);
      if (job?.status === 'COMPLETED') expect(set?.status).toBe('SUCCESS');
      else expect(job).toMatchObject({ status: 'FAILED', result: expect.any(Number) });
      return job?.status === 'COMPLETED' ? null : `${job?.result} ${job?.comment}`;
    },
  };
}

const archive: FaultJob = {
  name: 'archive',
  pieceSwitch: '1s',
  places: /\/a\/archive$/,
  async run(scene) {
    const used = (await roundOf(scene.harness, 'a'))?.usedPieceId ?? 0;
    await insert(scene, 3);
    await shipped(scene.harness, 'a');
    await scene.harness.until(async () => ((await roundOf(scene.harness, 'a'))?.usedPieceId ?? 0) > used);
    await insert(scene, 1);
    await shipped(scene.harness, 'a');
  },
  async check({ harness }) {
    expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING', comment: '' });
    return null;
  },
};

const restore: FaultJob = {
  name: 'restore',
  places: /\/a\/(data|archive)$/,
  async run(scene) {
    const { harness } = scene;
    await makePool(harness, `p${++scene.no}`);
    const paths = `${harness.place('a/data')},${harness.place('a/archive')}`;
    await harness.say(`ALTER SYSTEM RESTORE x${scene.no} FROM '${paths}' WITH 'pool_list=p${scene.no}'`);
    await settle(harness);
  },
  async check({ harness, no, rows }) {
    const name = `x${no}`;
    const { tenant, jobs } = await harness.controller.catalog.read((tx) => ({
      tenant: tx.tenants.byName(name),
      jobs: tx.restores.jobs.list({ restoreTenantName: name }),
    }));
    const done = jobs.length > 0 && jobs.every((job) => job.status === 'RESTORE_SUCCESS');
    if (done) expect(await harness.value(name, summary)).toBe(`${rows}/${rows}`);
    else if (jobs.length > 0) expect(tenant).toMatchObject({ status: 'RESTORE', role: 'RESTORE' });
    if (tenant !== null) await harness.say(`DROP TENANT ${name} FORCE`);
    await harness.say(`DROP RESOURCE POOL p${no}`);
    return done ? null : jobs.map((job) => `${job.status} ${job.comment}`).join();
  },
};

const validate: FaultJob = {
  name: 'validate',
  places: /\/a\/(data|archive)$/,
  async run({ harness }) {
    await harness.say('ALTER SYSTEM VALIDATE BACKUP', 'a');
    await ended(harness);
  },
  async check({ harness }) {
    const job = await lastJob(harness, 'a');
    expect((await findingsOf(harness, 'a')).filter(({ kind }) => kind !== 'FOREIGN')).toEqual([]);
    if (job.status !== 'COMPLETED') expect(job).toMatchObject({ status: 'FAILED', result: expect.any(Number) });
    return job.status === 'COMPLETED' && job.result === 0 ? null : `${job.result} ${job.comment}`;
  },
};

const recoverTable: FaultJob = {
  name: 'recover table',
  places: /\/a\/(data|archive)$/,
  async run(scene) {
    const { harness } = scene;
    const no = ++scene.no;
    await makePool(harness, `p${no}`);
    const from = `${harness.place('a/data')},${harness.place('a/archive')}`;
    await harness.say(
      `ALTER SYSTEM RECOVER TABLE d.t TO TENANT = a FROM '${from}' WITH 'pool_list=p${no}' REMAP TABLE d.t:t${no}`,
    );
    await settle(harness);
  },
  async check({ harness, no, rows, tenantId }) {
    const { job, left } = await harness.controller.catalog.read((tx) => ({
      job: tx.recoverTables.jobs.list({ tenantId }).find(({ remapTableList }) => remapTableList?.includes(`t${no}`)),
      left: tx.tenants.users().filter(({ tenantName }) => tenantName.startsWith('AUX')),
    }));
    expect(left).toEqual([]);
    await harness.say(`DROP RESOURCE POOL p${no}`);
    const there = `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'd' AND TABLE_NAME = 't${no}'`;
    const done = job?.status === 'COMPLETED';
    expect(await harness.value('a', there)).toBe(done ? '1' : '0');
    if (!done) return `${job?.result} ${job?.comment}`;
    expect(await harness.value('a', `SELECT CONCAT(COUNT(*), "/", MAX(id)) FROM d.t${no}`)).toBe(`${rows}/${rows}`);
    await harness.sql('a', `DROP TABLE d.t${no}`);
    return null;
  },
};

const standby: FaultJob = {
  name: 'standby',
  places: /\/a\/archive$/,
  async prepare(scene) {
    const { harness } = scene;
    const name = `s${++scene.no}`;
    expect(await restoredValue(harness, 'a', name, summary)).toBe(`${scene.rows}/${scene.rows}`);
    await insert(scene, 2);
    await shipped(harness, 'a');
  },
  async run(scene) {
    const name = `s${scene.no}`;
    const scn = (await roundOf(scene.harness, 'a'))?.checkpointScn ?? 0n;
    await scene.harness.say(`ALTER SYSTEM RECOVER STANDBY TENANT = ${name} UNTIL SCN = ${scn}`);
    await scene.harness.until(() =>
      scene.harness.controller.catalog.read((tx) => (tx.tenants.byName(name)?.syncScn ?? 0n) >= scn),
    );
  },
  async check({ harness, no, rows }) {
    const name = `s${no}`;
    expect(await harness.value(name, summary)).toBe(`${rows}/${rows}`);
    await harness.say(`DROP TENANT ${name} FORCE`);
    await harness.say(`DROP RESOURCE POOL pool_${name}`);
    return null;
  },
};

export const faultJobs: readonly FaultJob[] = [
  backup('full backup', 'ALTER SYSTEM BACKUP DATABASE'),
  {
    ...backup('incremental backup', 'ALTER SYSTEM BACKUP INCREMENTAL DATABASE PLUS ARCHIVELOG'),
    // Every set of a chain is looked at: a longer one each time would mean more operations each time, without end.
    async prepare({ harness }) {
      await backedUp(harness);
    },
  },
  archive,
  restore,
  validate,
  recoverTable,
  standby,
];

/** What a run met: null when it ended before its n-th operation. */
export interface FaultRun {
  readonly hit: string | null;
  readonly operations: number;
  /** What the job said went wrong. */
  readonly failure: string | null;
}

/** Runs the job with its n-th operation (0: none) failing. A statement that was refused has a code and begins nothing. */
export async function runWithFault(
  scene: FaultScene,
  job: FaultJob,
  at: number,
  effect: FaultEffect,
): Promise<FaultRun> {
  const { harness, media } = scene;
  await shipped(harness, 'a');
  await job.prepare?.(scene);
  media.arm(at, effect, (path) => job.places.test(path));
  const refused = await job.run(scene).then(
    () => null,
    (error: unknown) => error,
  );
  const { hit, count: operations } = media;
  await media.clear();
  if (refused !== null && (hit === null || !(refused instanceof ObError))) throw refused;
  const failure = await job.check(scene);
  if (refused !== null) expect(failure).not.toBeNull();
  await expectSound(scene);
  return { hit, operations, failure };
}

/** Whatever happened, no set and no piece is taken for damaged, and the round goes on. */
async function expectSound({ harness, tenantId }: FaultScene): Promise<void> {
  for (const { status, fileStatus } of await setsOf(harness, 'a'))
    expect(`${status} ${fileStatus}`).toMatch(/^(SUCCESS AVAILABLE|FAILED INCOMPLETE)$/);
  const proofs = await harness.controller.catalog.read((tx) => tx.proofs.proofs.list({ tenantId }));
  expect(proofs.filter(({ result }) => result === 'BROKEN')).toEqual([]);
  await shipped(harness, 'a');
  expect(await roundOf(harness, 'a')).toMatchObject({ status: 'DOING', comment: '' });
}

/** The newest set and the log restore every row. */
export async function expectEverything(scene: FaultScene): Promise<void> {
  await shipped(scene.harness, 'a');
  const name = `all${++scene.no}`;
  expect(await restoredValue(scene.harness, 'a', name, summary)).toBe(`${scene.rows}/${scene.rows}`);
  await scene.harness.say(`DROP TENANT ${name} FORCE`);
  await scene.harness.say(`DROP RESOURCE POOL pool_${name}`);
}
