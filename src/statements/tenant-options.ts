import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { TenantOption } from '../sql/statement-tenant.ts';
import { checkAssignment, variableNamed } from '../sql/system-variables.ts';
import { charsetByName } from '../value/charset.ts';
import { zoneListText } from './resource-pool.ts';

/** Tenant options by name, those nothing here can carry out already refused; null where nothing was said. */
export interface TenantWish {
  readonly charset: string | null;
  readonly collation: string | null;
  readonly primaryZone: string | null;
  readonly locality: string | null;
  readonly comment: string | null;
  readonly zones: readonly string[] | null;
  readonly pools: readonly string[] | null;
}

const maxLocalityBytes = 4096;
const maxCommentBytes = 4096;

/** Reads the options in the kernel's order of complaints: zones and locality, character set, length, then the rest. */
export function readTenantOptions(options: readonly TenantOption[]): TenantWish {
  for (const option of options) {
    const names = options.filter((other) => other.option === option.option);
    if (names.length > 1) throw fault('OB_INVALID_ARGUMENT', `${optionNames[option.option]}, it is given twice`);
  }
  const primaryZone = readPlace(optionOf(options, 'primaryZone'), 'primary_zone');
  const locality = readPlace(optionOf(options, 'locality'), 'locality');
  const charset = readCharset(optionOf(options, 'charset')?.value ?? null);
  const collation = readCollation(optionOf(options, 'collate')?.value ?? null, charset);
  if (locality !== null && Buffer.byteLength(locality) > maxLocalityBytes)
    throw fault('OB_ERR_TOO_LONG_IDENT', locality);
  const comment = optionOf(options, 'comment')?.value ?? null;
  if (comment !== null && Buffer.byteLength(comment) > maxCommentBytes) {
    throw fault('OB_ERR_TOO_LONG_TENANT_COMMENT', maxCommentBytes);
  }
  for (const option of options) requireOnlyValue(option);
  return {
    charset: charset ?? (collation === null ? null : charsetOf(collation)),
    collation: collation ?? (charset === null ? null : defaultCollation(charset)),
    primaryZone,
    locality,
    comment,
    zones: optionOf(options, 'zoneList')?.value ?? null,
    pools: optionOf(options, 'resourcePoolList')?.value ?? null,
  };
}

function optionOf<O extends TenantOption['option']>(options: readonly TenantOption[], name: O) {
  type Wanted = TenantOption extends infer T
    ? T extends { option: infer N }
      ? O extends N
        ? T
        : never
      : never
    : never;
  return options.find((one): one is Wanted & TenantOption => one.option === name);
}

const optionNames: Readonly<Record<TenantOption['option'], string>> = {
  charset: 'CHARSET',
  collate: 'COLLATE',
  comment: 'COMMENT',
  replicaNum: 'REPLICA_NUM',
  logonlyReplicaNum: 'LOGONLY_REPLICA_NUM',
  progressiveMergeNum: 'PROGRESSIVE_MERGE_NUM',
  zoneList: 'ZONE_LIST',
  resourcePoolList: 'RESOURCE_POOL_LIST',
  primaryZone: 'PRIMARY_ZONE',
  locality: 'LOCALITY',
  readOnly: 'READ ONLY',
  enableArbitrationService: 'ENABLE_ARBITRATION_SERVICE',
  enableExtendedRowid: 'ENABLE_EXTENDED_ROWID',
  defaultTablegroup: 'DEFAULT TABLEGROUP',
};

/** Options with one possible value: another one is refused, since nothing would come of it. */
function requireOnlyValue(option: TenantOption): void {
  const refused =
    (option.option === 'replicaNum' && option.value !== 1) ||
    (option.option === 'logonlyReplicaNum' && option.value !== 0) ||
    (option.option === 'progressiveMergeNum' && option.value !== 0) ||
    (option.option === 'readOnly' && option.value) ||
    (option.option === 'enableArbitrationService' && option.value) ||
    (option.option === 'enableExtendedRowid' && option.value) ||
    (option.option === 'defaultTablegroup' && option.value !== null);
  if (refused) throw fault('OB_NOT_SUPPORTED', `${optionNames[option.option]}${shownValue(option)} is`);
  if (option.option === 'locality' && option.force) throw fault('OB_NOT_SUPPORTED', 'LOCALITY … FORCE is');
}

function shownValue(option: TenantOption): string {
  return typeof option.value === 'number' || typeof option.value === 'string' ? ` = ${option.value}` : '';
}

type Place = Extract<TenantOption, { readonly option: 'primaryZone' | 'locality' }>;

function readPlace(place: Place | undefined, name: string): string | null {
  if (place === undefined) return null;
  if (place.form === 'default') throw fault('OB_OP_NOT_ALLOW', `set ${name} DEFAULT is`);
  if (place.form === 'userVariable') throw fault('OB_NOT_SUPPORTED', `${name} from a user variable is`);
  if (place.value.trim() === '') throw fault('OB_OP_NOT_ALLOW', `set ${name} empty is`);
  return place.value;
}

function readCharset(name: string | null): string | null {
  if (name === null) return null;
  const charset = charsetByName(name).name;
  return charset === 'utf8' ? 'utf8mb4' : charset;
}

function readCollation(name: string | null, charset: string | null): string | null {
  if (name === null) return null;
  const collation = checkAssignment(variableNamed('collation_server'), name);
  if (collation === null) throw fault('ER_UNKNOWN_COLLATION', name);
  const found = collation.replace(/^utf8(?:mb3)?_/, 'utf8mb4_');
  if (charset !== null && charsetOf(found) !== charset) throw fault('ER_COLLATION_CHARSET_MISMATCH', found, charset);
  return found;
}

function charsetOf(collation: string): string {
  return collation === 'binary' ? 'binary' : collation.slice(0, collation.indexOf('_'));
}

const collationEnds: Readonly<Record<string, string>> = {
  latin1: 'swedish_ci',
  gbk: 'chinese_ci',
  gb2312: 'chinese_ci',
  gb18030: 'chinese_ci',
  big5: 'chinese_ci',
};

function defaultCollation(charset: string): string {
  return charset === 'binary' ? 'binary' : `${charset}_${collationEnds[charset] ?? 'general_ci'}`;
}

/** `RANDOM`, or zones that must be among those of the pools: 4643. */
export function checkedPrimaryZone(text: string, zones: readonly string[]): string {
  if (text.toUpperCase() === 'RANDOM') return 'RANDOM';
  for (const zone of text.split(/[;,]/).map((one) => one.trim())) {
    if (!zones.includes(zone)) throw fault('OB_PRIMARY_ZONE_NOT_IN_ZONE_LIST', zone, zoneListText(zones));
  }
  return text;
}

/** ZONE_LIST: zones that exist (4530), each once (4641), all of them zones of the pools (4645). */
export function checkZoneList(tx: Repositories, zones: readonly string[], ofPools: readonly string[]): void {
  const twice = zones.find((zone, i) => zones.indexOf(zone) !== i);
  if (twice !== undefined) throw fault('OB_ZONE_DUPLICATED', twice, zoneListText(zones));
  for (const zone of zones) {
    if (tx.cluster.zones.get({ zone }) === null) throw fault('OB_ZONE_INFO_NOT_EXIST', zone);
    if (!ofPools.includes(zone)) {
      throw fault('OB_ZONE_LIST_POOL_LIST_NOT_MATCH', zoneListText(zones), zoneListText(ofPools));
    }
  }
}

/** A full replica per zone, `F@z` or `FULL{1}@z`; zones beyond those of the pools 4179. The text as views show it. */
export function checkedTenantLocality(tx: Repositories, text: string, ofPools: readonly string[]): string {
  const zones = text.split(',').map((part) => /^(?:F|FULL)(?:\{1\})?@([^@\s]+)$/i.exec(part.trim())?.[1] ?? null);
  const named = zones.filter((zone) => zone !== null);
  if (named.length < zones.length || new Set(named).size < named.length) throw fault('OB_INVALID_ARGUMENT', 'locality');
  for (const zone of named) {
    if (tx.cluster.zones.get({ zone }) === null) throw fault('OB_ZONE_INFO_NOT_EXIST', zone);
    if (!ofPools.includes(zone)) throw fault('OB_OP_NOT_ALLOW', 'locality not covered by the resource pools is');
  }
  return named.map((zone) => `FULL{1}@${zone}`).join(', ');
}

/** The zones of some pools, each once. */
export function zonesOfPools(pools: readonly { readonly zoneList: string }[]): readonly string[] {
  return [...new Set(pools.flatMap((pool) => pool.zoneList.split(';')))];
}
