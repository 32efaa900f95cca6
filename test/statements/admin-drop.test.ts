import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Controller } from '../../src/jobs/controller.ts';
import { resumeCreatingTenants } from '../../src/jobs/tenant-removal.ts';
import type { TenantEngines } from '../../src/tenants/tenant-engine.ts';
import { type Desk, makeTenant, openDesk, said } from './desk.ts';

let desk: Desk;
let directory: string;
/** The step that breaks, counted from 1 over catalog steps and engine calls; 0 for none. */
let breakAt = 0;
let steps = 0;

class Broken extends Error {}

/** Lets every durable step count, and breaks before the chosen one as a crash would. */
function breaking(controller: Controller): Controller {
  const step = () => {
    steps++;
    if (breakAt !== 0 && steps >= breakAt) throw new Broken(`step ${steps}`);
  };
  const { catalog, engines } = controller;
  const counted: TenantEngines = {
    ...engines,
    create: async (tenantId, options) => {
      step();
      return engines.create(tenantId, options);
    },
    drop: async (tenantId) => {
      step();
      return engines.drop(tenantId);
    },
  };
  return {
    ...controller,
    engines: counted,
    catalog: {
      ...catalog,
      read: catalog.read.bind(catalog),
      async transaction(work) {
        step();
        return catalog.transaction(work);
      },
    },
  };
}

const state = (one: Desk, name: string) =>
  one.controller.catalog.read((tx) => ({
    status: tx.tenants.byName(name)?.status ?? null,
    granted: tx.resources.poolByName('pool_t')?.tenantId ?? null,
  }));
const tenantFiles = () => {
  const place = join(directory, 'tenants');
  return existsSync(place) ? readdirSync(place).filter((name) => /\d/.test(name)) : [];
};

beforeEach(async () => {
  breakAt = 0;
  steps = 0;
  let found: string | undefined;
  desk = await openDesk({ wrap: breaking, onDirectory: (path) => (found = path) });
  directory = found!;
  await desk.ok(`CREATE RESOURCE UNIT u_test MAX_CPU 1, MEMORY_SIZE '5G'`);
  await desk.ok('CREATE RESOURCE POOL pool_t UNIT u_test, UNIT_NUM 1');
});
afterEach(() => desk.stop());

const create = "CREATE TENANT t RESOURCE_POOL_LIST = ('pool_t')";

describe('a crash in the middle', () => {
  test.each([1, 2, 3])('of CREATE TENANT before step %i leaves nothing behind', async (at) => {
    steps = 0;
    breakAt = at;
    await expect(desk.say(create)).rejects.toBeInstanceOf(Broken);
    breakAt = 0;
    desk = await desk.restart();
    if (at > 1) expect(await state(desk, 't')).toMatchObject({ status: 'CREATING' });
    await resumeCreatingTenants(desk.controller);
    expect(await state(desk, 't')).toEqual({ status: null, granted: null });
    expect(tenantFiles()).toEqual([]);
    await desk.ok(create);
    expect((await state(desk, 't')).status).toBe('NORMAL');
  });

  test.each([2, 3])('of DROP TENANT before step %i is finished at the next start', async (at) => {
    await desk.ok(create);
    // The first step of the statement looks and changes nothing; the second writes DROPPING.
    steps = 0;
    breakAt = at + 1;
    await expect(desk.say('DROP TENANT t FORCE')).rejects.toBeInstanceOf(Broken);
    breakAt = 0;
    desk = await desk.restart();
    expect((await state(desk, 't')).status).toBe('DROPPING');
    await resumeCreatingTenants(desk.controller);
    expect(await state(desk, 't')).toEqual({ status: null, granted: null });
    expect(tenantFiles()).toEqual([]);
  });

  test('a tenant that was made or restored is left alone', async () => {
    await desk.ok(create);
    await desk.controller.catalog.transaction((tx) => {
      tx.tenants.create(tx.counters.nextOfCluster('tenant'), { tenantName: 'coming', status: 'RESTORE' });
    });
    desk = await desk.restart();
    await resumeCreatingTenants(desk.controller);
    expect((await state(desk, 't')).status).toBe('NORMAL');
    expect((await state(desk, 'coming')).status).toBe('RESTORE');
  });
});

describe('an engine that fails', () => {
  test('undoes CREATE TENANT at once', async () => {
    const failing = await openDesk({
      wrapEngines: (engines) => ({ ...engines, create: () => Promise.reject(new Broken('no space')) }),
    });
    try {
      await expect(makeTenant(failing, 't')).rejects.toBeInstanceOf(Broken);
      expect(await state(failing, 't')).toEqual({ status: null, granted: null });
      expect(await failing.controller.catalog.read((tx) => tx.tenants.users())).toEqual([]);
    } finally {
      await failing.stop();
    }
  });

  test('leaves a tenant DROPPING, and DROP TENANT FORCE takes it up again', async () => {
    let broken = true;
    const failing = await openDesk({
      wrapEngines: (engines) => ({
        ...engines,
        drop: (tenantId) => (broken ? Promise.reject(new Broken('busy')) : engines.drop(tenantId)),
      }),
    });
    try {
      await makeTenant(failing, 't');
      await expect(failing.say('DROP TENANT t')).rejects.toBeInstanceOf(Broken);
      expect(await state(failing, 't')).toMatchObject({ status: 'DROPPING' });
      expect(said(await failing.say('DROP TENANT t'))).toBe(
        '1235 (0A000): should drop tenant force, delay drop tenant not supported',
      );
      broken = false;
      await failing.ok('DROP TENANT t FORCE');
      expect(await state(failing, 't')).toEqual({ status: null, granted: null });
    } finally {
      await failing.stop();
    }
  });

  test('a tenant dropped while it is being made does not come back', async () => {
    const race: { drop?: () => Promise<unknown> } = {};
    const racing = await openDesk({
      wrapEngines: (engines) => ({
        ...engines,
        async create(tenantId, options) {
          await engines.create(tenantId, options);
          await race.drop?.();
        },
      }),
    });
    try {
      race.drop = () => racing.ok('DROP TENANT t FORCE');
      await expect(makeTenant(racing, 't')).rejects.toThrow("5685 Tenant 't' has been dropped");
      expect(await state(racing, 't')).toEqual({ status: null, granted: null });
    } finally {
      await racing.stop();
    }
  });
});

describe('DROP TENANT', () => {
  test('removes rows, files and grants, and tells drivers and sessions', async () => {
    await desk.ok(create);
    const { tenantId } = (await desk.tenant('t'))!;
    await desk.ok('ALTER SYSTEM SET log_archive_concurrency = 4 TENANT = t');
    await desk.controller.catalog.transaction((tx) => {
      tx.destinations.setDataDest(tenantId, 'file:///somewhere');
      tx.counters.next(tenantId, 'job');
      tx.restores.logSources.put({ tenantId, id: 1, type: 'LOCATION', value: 'x', recoveryUntilScn: 1n });
    });
    expect(tenantFiles()).toHaveLength(1);
    expect(await desk.ok('DROP TENANT t')).toEqual({ dropped: tenantId });
    expect(desk.forgotten).toEqual([tenantId]);
    expect(tenantFiles()).toEqual([]);
    const tables = desk.controller.catalog.readDatabase
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table'")
      .pluck()
      .all() as readonly string[];
    const left = tables.filter((table) => {
      const columns = desk.controller.catalog.readDatabase.pragma(`table_info("${table}")`) as { name: string }[];
      if (!columns.some(({ name }) => name === 'tenant_id') || table === 'tenant_event') return false;
      const rows = desk.controller.catalog.readDatabase
        .prepare(`SELECT count(*) FROM "${table}" WHERE tenant_id IN (?, ?)`)
        .pluck()
        .get(tenantId, tenantId - 1);
      return rows !== 0;
    });
    expect(left).toEqual([]);
    await desk.ok('DROP RESOURCE POOL pool_t');
  });

  const cases: readonly (readonly [string, string])[] = [
    ['DROP TENANT nobody', "5157 (HY000): Unknown tenant 'nobody'"],
    ['DROP TENANT sys', '1235 (0A000): drop the sys tenant is not supported'],
    ['DROP TENANT META$1002 FORCE', '1235 (0A000): drop the meta tenant is not supported'],
    ['DROP TENANT coming', '1235 (0A000): should drop tenant force, delay drop tenant not supported'],
    ['DROP TENANT coming PURGE', '1235 (0A000): should drop tenant force, delay drop tenant not supported'],
    ['FLASHBACK TENANT nobody TO BEFORE DROP', "5157 (HY000): Unknown tenant 'nobody'"],
    ['FLASHBACK TENANT t TO BEFORE DROP', '5270 (HY000): object not in RECYCLE BIN'],
    ['PURGE TENANT nobody', "5157 (HY000): Unknown tenant 'nobody'"],
    ['PURGE TENANT t', '5270 (HY000): object not in RECYCLE BIN'],
  ];
  test('refuses', async () => {
    await desk.ok(create);
    await desk.controller.catalog.transaction((tx) => {
      tx.tenants.create(tx.counters.nextOfCluster('tenant'), { tenantName: 'coming', status: 'RESTORE' });
    });
    for (const [sql, answer] of cases) expect(`${sql} → ${said(await desk.say(sql))}`).toBe(`${sql} → ${answer}`);
    const own = await desk.rootOf('t');
    expect(said(await desk.say('DROP TENANT t', own))).toBe('1227 (42501): Access denied');
    expect(said(await desk.say('PURGE TENANT t', own))).toBe(
      '4179 (HY000): purge tenant outside the sys tenant is not allowed',
    );
    const oracle = { loginTenant: { ...own.loginTenant!, mode: 'ORACLE' as const } };
    expect(said(await desk.say('DROP TENANT t', oracle))).toBe(
      '1235 (0A000): dropping tenant in oracle mode is not supported',
    );
    const noted = await desk.say('DROP TENANT IF EXISTS nobody');
    expect(noted.warnings).toEqual([{ level: 'Note', errno: 5157, message: "Unknown tenant 'nobody'" }]);
  });
});

describe('the recycle bin', () => {
  const binOn = { systemVariable: (name: string) => (name === 'recyclebin' ? 'ON' : null) };

  test('keeps a tenant until it comes back under another name', async () => {
    await desk.ok(create);
    const { tenantId } = (await desk.tenant('t'))!;
    expect(await desk.ok('DROP TENANT t', binOn)).toEqual({ dropped: tenantId });
    expect(await desk.tenant('t')).toBeNull();
    const [kept] = await desk.controller.catalog.read((tx) => tx.tenants.users());
    expect(kept).toMatchObject({ tenantId, inRecyclebin: true, originalName: 't', status: 'NORMAL' });
    expect(kept!.tenantName).toMatch(/^__recycle_\$_1_\d{16}$/);
    expect((await state(desk, 't')).granted).toBe(tenantId);
    expect(said(await desk.say(`DROP TENANT \`${kept!.tenantName}\``))).toBe(
      `5157 (HY000): Unknown tenant '${kept!.tenantName}'`,
    );
    await desk.ok('FLASHBACK TENANT t TO BEFORE DROP RENAME TO t2');
    expect(await desk.tenant('t2')).toMatchObject({ tenantId, inRecyclebin: false, originalName: null });
  });

  test('a name taken meanwhile is refused; PURGE and DROP … PURGE end it', async () => {
    await desk.ok(create);
    await desk.ok('DROP TENANT t', binOn);
    const [first] = await desk.controller.catalog.read((tx) => tx.tenants.users());
    await desk.controller.catalog.transaction((tx) => {
      tx.tenants.create(tx.counters.nextOfCluster('tenant'), { tenantName: 't', status: 'RESTORE' });
    });
    expect(said(await desk.say('FLASHBACK TENANT t TO BEFORE DROP'))).toBe("5156 (HY000): tenant 't' already exist");
    expect(await desk.ok('PURGE TENANT t')).toEqual({ dropped: first!.tenantId });
    expect((await state(desk, 't')).granted).toBeNull();
    await desk.ok('DROP TENANT t FORCE');
    await desk.ok(create);
    await desk.ok('DROP TENANT t', binOn);
    const [second] = await desk.controller.catalog.read((tx) => tx.tenants.users());
    await desk.ok(`DROP TENANT \`${second!.tenantName}\` PURGE`);
    expect(await desk.controller.catalog.read((tx) => tx.tenants.users())).toEqual([]);
  });
});
