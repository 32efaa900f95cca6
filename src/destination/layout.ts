import type { SetType } from './codec/set-files.ts';

/**
 * Names of everything on a data destination of release 4.2.1, as keys relative to the destination's root; the archive
 * side is in `archive-layout.ts`. Builders never look at a medium, parsers answer null for names that are none.
 */
export const formatFileKey = 'format.obbak';
export const checkDirectory = 'check_file';
export const setsDirectory = 'backup_sets';

/** `YYYYMMDDTHHMMSS` in the operating system's zone, from milliseconds since 1970. */
export function timeText(ms: number): string {
  const at = new Date(ms);
  const two = (value: number) => String(value).padStart(2, '0');
  const date = `${String(at.getFullYear()).padStart(4, '0')}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  return `${date}T${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
}

/** Time text of an SCN, cut to whole seconds. */
export function scnTimeText(scn: bigint): string {
  return timeText(Number(scn / 1_000_000_000n) * 1000);
}

/** Name, not key, of the check file of a tenant. */
export function checkFileName(tenantId: number, nowMs: number): string {
  return `${tenantId}_connect_file_${timeText(nowMs)}.obbak`;
}

export function checkFileKey(name: string): string {
  return `${checkDirectory}/${name}`;
}

/** True for check files of this tenant, whatever follows the fixed part. */
export function isCheckFileOf(name: string, tenantId: number): boolean {
  return name.startsWith(`${tenantId}_connect_file`);
}

/** What the permission probe of a destination tries, each in an object of its own. */
export type ProbedAccess = 'write' | 'append' | 'multipart';

/** Name, not key, of an object of the permission probe; gone again when the probe ends. */
export function permissionFileName(tenantId: number, access: ProbedAccess, nowMs: number): string {
  return `${tenantId}_${access}_permission_file_${timeText(nowMs)}.obbak`;
}

/** True for the probe objects of this tenant, whatever they tried. */
export function isPermissionFileOf(name: string, tenantId: number): boolean {
  return new RegExp(`^${tenantId}_[a-z_]+_permission_file`).test(name);
}

/** A set as its names say it. */
export interface SetName {
  readonly backupSetId: number;
  readonly backupType: SetType;
}

/** `backup_set_<N>_<type>`, the directory of a set. */
export function setDirectory(set: SetName): string {
  return `backup_set_${set.backupSetId}_${set.backupType}`;
}

export function parseSetDirectory(name: string): SetName | null {
  const match = /^backup_set_([1-9]\d{0,14})_(full|inc)$/.exec(name);
  return match ? { backupSetId: Number(match[1]), backupType: match[2] === 'inc' ? 'inc' : 'full' } : null;
}

export function setStartKey(set: SetName): string {
  return `${setsDirectory}/${setDirectory(set)}_start.obbak`;
}

/** The last file of a successful set; restore finds sets by it. */
export function setEndKey(set: SetName, minRestoreScn: bigint): string {
  return `${setsDirectory}/${setDirectory(set)}_end_success_${scnTimeText(minRestoreScn)}.obbak`;
}

export function setInnerKey(set: SetName, startReplayScn: bigint, minRestoreScn: bigint): string {
  const name = setDirectory(set);
  return `${name}/${name}_${scnTimeText(startReplayScn)}_${scnTimeText(minRestoreScn)}.obbak`;
}

export interface SetPlaceholder extends SetName {
  readonly kind: 'start' | 'end_success' | 'end_failed';
}

/** Reads a name below `backup_sets/`. */
export function parseSetPlaceholder(name: string): SetPlaceholder | null {
  const match = /^(backup_set_\d+_(?:full|inc))_(?:(start)|(end_success|end_failed)_\d{8}T\d{6})\.obbak$/.exec(name);
  const set = match && parseSetDirectory(match[1] ?? '');
  if (!set) return null;
  const kind = match[2] ? 'start' : match[3] === 'end_success' ? 'end_success' : 'end_failed';
  return { ...set, kind };
}

/** Keys of the info files of one set. */
export function setInfoKeys(set: SetName) {
  const name = setDirectory(set);
  return {
    single: `${name}/single_backup_set_info.obbak`,
    tenant: `${name}/tenant_backup_set_infos.obbak`,
    infosDirectory: `${name}/infos`,
    locality: `${name}/infos/locality_info.obbak`,
    diagnose: `${name}/infos/diagnose_info.obbak`,
    deletedTablets: `${name}/infos/deleted_tablet_info.obbak`,
    metaDirectory: `${name}/infos/meta_info`,
    lsMetaInfos: `${name}/infos/meta_info/ls_meta_infos.obbak`,
    lsAttrInfo: (turnId: number) => `${name}/infos/meta_info/ls_attr_info.${turnId}.obbak`,
  } as const;
}

export type DataKind = 'minor' | 'major' | 'sys';

/** `infos/<kind>_data_info_turn_<t>`: indexes of one data turn over all log streams. */
export function dataTurnDirectory(set: SetName, kind: 'minor' | 'major', turnId: number): string {
  return `${setDirectory(set)}/infos/${kind}_data_info_turn_${turnId}`;
}

/** Keys inside a data turn; index files are numbered by retry. */
export function dataTurnKeys(set: SetName, kind: 'minor' | 'major', turnId: number) {
  const directory = dataTurnDirectory(set, kind, turnId);
  const index = (name: string) => (dataKind: DataKind, retryId: number) =>
    `${directory}/tenant_${dataKind}_data_${name}.${retryId}.obbak`;
  return {
    directory,
    tabletLogStreamInfo: `${directory}/tablet_log_stream_info.obbak`,
    macroRangeIndex: index('macro_range_index'),
    metaIndex: index('meta_index'),
    secMetaIndex: index('sec_meta_index'),
  } as const;
}

/** `logstream_<ls>` of a set. */
export function setLsDirectory(set: SetName, lsId: number): string {
  return `${setDirectory(set)}/logstream_${lsId}`;
}

/** Number behind `logstream_`, of sets and pieces alike. */
export function parseLsDirectory(name: string): number | null {
  const match = /^logstream_(\d{1,15})$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** One attempt at one turn of a log stream; every retry has its own directory. */
export interface LsTurn {
  readonly kind: 'meta_info' | 'sys_data' | 'minor_data' | 'major_data';
  readonly turnId: number;
  readonly retryId: number;
}

/** `<kind>_turn_<t>_retry_<r>` */
export function lsTurnName(turn: LsTurn): string {
  return `${turn.kind}_turn_${turn.turnId}_retry_${turn.retryId}`;
}

export function parseLsTurn(name: string): LsTurn | null {
  const match = /^(meta_info|sys_data|minor_data|major_data)_turn_(\d{1,9})_retry_(\d{1,9})$/.exec(name);
  if (!match) return null;
  return { kind: match[1] as LsTurn['kind'], turnId: Number(match[2]), retryId: Number(match[3]) };
}

/** Keys inside one attempt of one log stream. */
export function lsTurnKeys(set: SetName, lsId: number, turn: LsTurn) {
  const directory = `${setLsDirectory(set, lsId)}/${lsTurnName(turn)}`;
  return {
    directory,
    lsMetaInfo: `${directory}/ls_meta_info.obbak`,
    tabletInfo: (fileId: number) => `${directory}/tablet_info.${fileId}.obbak`,
    macroBlockData: (fileId: number) => `${directory}/macro_block_data.${fileId}.obbak`,
    macroRangeIndex: `${directory}/macro_range_index.obbak`,
    metaIndex: `${directory}/meta_index.obbak`,
    secMetaIndex: `${directory}/sec_meta_index.obbak`,
  } as const;
}

/** Number of a `macro_block_data.<n>.obbak`. */
export function parseMacroBlockData(name: string): number | null {
  const match = /^macro_block_data\.(\d{1,9})\.obbak$/.exec(name);
  return match ? Number(match[1]) : null;
}

/** `complement_log` of a set taken PLUS ARCHIVELOG: an archive destination of its own, with its own format file. */
export function complementDirectory(set: SetName): string {
  return `${setDirectory(set)}/complement_log`;
}

/** Key backup files; their names are ours, the kernel's are not public. */
export function keyBackupKey(tenantId: number, nowMs: number): string {
  return `backup_key/${tenantId}_master_key_${timeText(nowMs)}.obbak`;
}

export function parseKeyBackup(name: string): { readonly tenantId: number } | null {
  const match = /^(\d{1,15})_master_key_\d{8}T\d{6}\.obbak$/.exec(name);
  return match ? { tenantId: Number(match[1]) } : null;
}
