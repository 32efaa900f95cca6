import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { parseCapacity, parseInteger } from '../catalog/parameter-values.ts';
import type { UnitConfig } from '../catalog/resources.ts';
import type { UnitOption, UnitOptionName } from '../sql/statement-tenant.ts';
import { note } from './note.ts';
import { requireFullMemory, requireRoomToGrow } from './resource-room.ts';
import { handler, type StatementAccess } from './statement-handler.ts';

const access: StatementAccess = { privilege: 'CREATE RESOURCE UNIT', tenants: 'sys' };

/** What the options say; a size or count that was not given is absent. */
type UnitWish = Partial<
  Pick<UnitConfig, 'maxCpu' | 'minCpu' | 'memorySize' | 'logDiskSize' | 'maxIops' | 'minIops' | 'iopsWeight'>
>;
type UnitValues = Required<UnitWish>;

const gib = 1n << 30n;
const leastMemory = gib;
const leastLogDisk = 2n * gib;
const leastIops = 1024n;
/** IOPS and weight a core stands for when nothing is said. */
const iopsPerCpu = 10_000;
const maxNameBytes = 128;

/** CREATE RESOURCE UNIT. */
export const createResourceUnit = handler<'createResourceUnit', UnitValues>({
  access,
  async check({ name, ifNotExists, options }, _, controller) {
    requireName(name, 'resource unit name');
    const values = newUnit(readUnitOptions(options));
    await controller.catalog.read((tx) => {
      if (tx.resources.unitConfigByName(name) !== null && !ifNotExists) throw fault('OB_RESOURCE_UNIT_EXIST', name);
    });
    return values;
  },
  async run(values, { name, ifNotExists }, speaker, controller) {
    const made = await controller.catalog.transaction((tx) => {
      if (tx.resources.unitConfigByName(name) !== null) {
        if (ifNotExists) return false;
        throw fault('OB_RESOURCE_UNIT_EXIST', name);
      }
      const nowUs = controller.clock.nowUs();
      const unitConfigId = tx.counters.nextOfCluster('unitConfig');
      tx.resources.unitConfigs.insert({ unitConfigId, name, createUs: nowUs, modifyUs: nowUs, ...values });
      tx.events.record('unit', 'create_unit', { name });
      return true;
    });
    if (!made) note(speaker, 'OB_RESOURCE_UNIT_EXIST', name);
    return {};
  },
});

/** ALTER RESOURCE UNIT: what is not named stays. */
export const alterResourceUnit = handler<'alterResourceUnit', UnitWish>({
  access,
  async check({ name, options }, _, controller) {
    const wish = readUnitOptions(options);
    await controller.catalog.read((tx) => changed(tx, name, wish));
    return wish;
  },
  async run(wish, { name }, _, controller) {
    await controller.catalog.transaction((tx) => {
      const { config, values } = changed(tx, name, wish);
      tx.resources.unitConfigs.update(config, { ...values, modifyUs: controller.clock.nowUs() });
      tx.events.record('unit', 'alter_unit', { name });
    });
    return {};
  },
});

/** DROP RESOURCE UNIT. */
export const dropResourceUnit = handler<'dropResourceUnit', null>({
  access,
  async check({ name, ifExists }, _, controller) {
    await controller.catalog.read((tx) => unusedUnit(tx, name, ifExists));
    return null;
  },
  async run(_, { name, ifExists }, speaker, controller) {
    const dropped = await controller.catalog.transaction((tx) => {
      const config = unusedUnit(tx, name, ifExists);
      if (config === null) return false;
      tx.resources.unitConfigs.remove(config);
      tx.events.record('unit', 'drop_unit', { name });
      return true;
    });
    if (!dropped) note(speaker, 'OB_RESOURCE_UNIT_NOT_EXIST', name);
    return {};
  },
});

/** 1210 for an empty name, 1059 for one that is too long. */
export function requireName(name: string, what: string): void {
  if (name === '') throw fault('OB_INVALID_ARGUMENT', what);
  if (Buffer.byteLength(name) >= maxNameBytes) throw fault('OB_ERR_TOO_LONG_IDENT', name);
}

function unusedUnit(tx: Repositories, name: string, ifExists: boolean): UnitConfig | null {
  const config = tx.resources.unitConfigByName(name);
  if (config === null) {
    if (ifExists) return null;
    throw fault('OB_RESOURCE_UNIT_NOT_EXIST', name);
  }
  if (tx.resources.poolsOfUnitConfig(config.unitConfigId).length > 0)
    throw fault('OB_RESOURCE_UNIT_IS_REFERENCED', name);
  return config;
}

function changed(
  tx: Repositories,
  name: string,
  wish: UnitWish,
): { readonly config: UnitConfig; readonly values: UnitValues } {
  const config = tx.resources.unitConfigByName(name);
  if (config === null) throw fault('OB_RESOURCE_UNIT_NOT_EXIST', name);
  const { maxCpu, minCpu, memorySize, logDiskSize, maxIops, minIops, iopsWeight } = config;
  const values = { maxCpu, minCpu, memorySize, logDiskSize, maxIops, minIops, iopsWeight, ...wish };
  requireValues(values);
  const pools = tx.resources.poolsOfUnitConfig(config.unitConfigId);
  if (pools.length > 0 && values.memorySize < config.memorySize) requireFullMemory(tx, values);
  requireRoomToGrow(
    tx,
    values,
    pools.map((pool) => pool.resourcePoolId),
  );
  return { config, values };
}

/** The values of a new unit, what was left out filled in. */
function newUnit(wish: UnitWish): UnitValues {
  const { maxCpu, memorySize } = wish;
  if (maxCpu === undefined) throw fault('OB_MISS_ARGUMENT', 'MAX_CPU');
  const minCpu = wish.minCpu ?? maxCpu;
  requireCpu(maxCpu, minCpu);
  if (memorySize === undefined) throw fault('OB_MISS_ARGUMENT', 'MEMORY_SIZE');
  const threefold = 3n * memorySize;
  const logDiskSize = wish.logDiskSize ?? (threefold > leastLogDisk ? threefold : leastLogDisk);
  const told = wish.maxIops !== undefined || wish.minIops !== undefined;
  const fromCpu = BigInt(Math.floor(minCpu * iopsPerCpu));
  const maxIops = wish.maxIops ?? wish.minIops ?? fromCpu;
  const minIops = wish.minIops ?? wish.maxIops ?? fromCpu;
  const iopsWeight = wish.iopsWeight ?? (told ? 0n : BigInt(Math.floor(minCpu)));
  const values = { maxCpu, minCpu, memorySize, logDiskSize, maxIops, minIops, iopsWeight };
  requireValues(values);
  return values;
}

function requireCpu(maxCpu: number, minCpu: number): void {
  if (maxCpu < 1) throw fault('OB_INVALID_RESOURCE_UNIT', 'MAX_CPU', 1);
  if (minCpu < 1) throw fault('OB_INVALID_RESOURCE_UNIT', 'MIN_CPU', 1);
  if (minCpu > maxCpu) throw fault('OB_INVALID_ARGUMENT', 'MIN_CPU, MIN_CPU is greater than MAX_CPU');
}

function requireValues(values: UnitValues): void {
  requireCpu(values.maxCpu, values.minCpu);
  if (values.memorySize < leastMemory) throw fault('OB_INVALID_RESOURCE_UNIT', 'MEMORY_SIZE', leastMemory);
  if (values.logDiskSize === 0n) throw fault('OB_ERR_UNEXPECTED');
  if (values.logDiskSize < leastLogDisk) throw fault('OB_INVALID_RESOURCE_UNIT', 'LOG_DISK_SIZE', leastLogDisk);
  if (values.maxIops < values.minIops) throw fault('OB_INVALID_ARGUMENT', 'MAX_IOPS, MAX_IOPS is little than MIN_IOPS');
  if (values.minIops < leastIops) throw fault('OB_INVALID_RESOURCE_UNIT', 'MIN_IOPS', leastIops);
}

const fields: Readonly<Partial<Record<UnitOptionName, keyof UnitWish>>> = {
  MAX_CPU: 'maxCpu',
  MIN_CPU: 'minCpu',
  MEMORY_SIZE: 'memorySize',
  LOG_DISK_SIZE: 'logDiskSize',
  MAX_IOPS: 'maxIops',
  MIN_IOPS: 'minIops',
  IOPS_WEIGHT: 'iopsWeight',
};

function readUnitOptions(options: readonly UnitOption[]): UnitWish {
  const wish: { -readonly [F in keyof UnitWish]: number | bigint } = {};
  for (const { name, value } of options) {
    const field = fields[name];
    // Disks and network of single tenants are not bounded here.
    if (field === undefined) throw fault('OB_NOT_SUPPORTED', `${name} is`);
    if (wish[field] !== undefined) throw fault('OB_INVALID_ARGUMENT', `${name}, it is given twice`);
    const read = readValue(name, value);
    if (read === null) throw fault('OB_INVALID_ARGUMENT', name);
    wish[field] = read;
  }
  return wish as UnitWish;
}

function readValue(name: UnitOptionName, value: string): number | bigint | null {
  const text = value.trim();
  if (name === 'MAX_CPU' || name === 'MIN_CPU') return /^(?:\d+\.?\d*|\.\d+)$/.test(text) ? Number(text) : null;
  if (name === 'MEMORY_SIZE' || name === 'LOG_DISK_SIZE') return parseCapacity(text, 'bytes');
  const count = parseInteger(text);
  return count === null || count < 0n ? null : count;
}
