import { fault } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { Speaker } from './statement-handler.ts';

/** WITH '…' of RESTORE once its text was read. */
export interface RestoreOptions {
  readonly pools: readonly string[];
  readonly locality: string | null;
  readonly primaryZone: string | null;
  /** 0 when it was not given. */
  readonly concurrency: number;
}

const textBytes = 2048;
const partBytes = 1024;

/**
 * Reads `key=value{&key=value}`: 4019 too long, 1210 blanks, empty values, stray `&`, missing `=`, concurrency out of range, no
 * pool_list. Unknown keys are dropped with a warning, as the kernel drops them; the last of equal keys counts.
 */
export function parseRestoreOptions(text: string, speaker: Speaker): RestoreOptions {
  if (Buffer.byteLength(text) >= textBytes) throw fault('OB_SIZE_OVERFLOW');
  if (/\s/.test(text)) throw fault('OB_INVALID_ARGUMENT');
  const values = new Map<string, string>();
  for (const part of text.split('&')) {
    const cut = part.indexOf('=');
    const [key, value] = cut < 0 ? [part, ''] : [part.slice(0, cut).toLowerCase(), part.slice(cut + 1)];
    if (cut <= 0 || value === '') throw fault('OB_INVALID_ARGUMENT');
    if (Buffer.byteLength(key) >= partBytes || Buffer.byteLength(value) >= partBytes) throw fault('OB_SIZE_OVERFLOW');
    values.set(key, value);
  }
  for (const key of values.keys())
    if (!known.has(key)) speaker.warn('Warning', 1210, `restore option '${key}' is unknown and was ignored`);
  const pools = values.get('pool_list');
  const concurrency = readConcurrency(values.get('concurrency'));
  if (pools === undefined) {
    speaker.warn('Warning', 1210, 'Miss argument for pool_list');
    throw fault('OB_INVALID_ARGUMENT');
  }
  if (values.has('kms_encrypt')) throw fault('OB_NOT_SUPPORTED', 'kms_encrypt is');
  const method = values.get('method')?.toLowerCase();
  if (method !== undefined && method !== 'full') throw fault('OB_NOT_SUPPORTED', `restore method '${method}' is`);
  return {
    pools: [...new Set(pools.split(','))],
    locality: values.get('locality') ?? null,
    primaryZone: values.get('primary_zone') ?? null,
    concurrency,
  };
}

const known = new Set(['pool_list', 'locality', 'primary_zone', 'concurrency', 'kms_encrypt', 'method']);

function readConcurrency(text: string | undefined): number {
  if (text === undefined) return 0;
  const value = /^\d+$/.test(text) ? Number(text) : -1;
  if (value < 0 || value > 100) throw fault('OB_INVALID_ARGUMENT', 'restore concurrency');
  return value;
}

/** Ids of the named pools; unknown 4650, granted ones are a job failure in the kernel and a refusal with 4626 here. */
export function restorePools(tx: Repositories, names: readonly string[]): readonly number[] {
  const pools = names.map((name) => {
    const pool = tx.resources.poolByName(name);
    if (pool === null) throw fault('OB_RESOURCE_POOL_NOT_EXIST', name);
    return pool;
  });
  for (const pool of pools) if (pool.tenantId !== null) throw fault('OB_RESOURCE_POOL_ALREADY_GRANTED', pool.name);
  return pools.map((pool) => pool.resourcePoolId);
}

/** Zones a locality text such as `F@zone1,FULL{1}@zone2` names must exist; the text in the form views show. */
export function checkedLocality(tx: Repositories, text: string | null): string {
  if (text === null) return 'FULL{1}@zone1';
  const parts = text.split(',').map((part) => /^(?:F|FULL)(?:\{1\})?@([^@]+)$/i.exec(part.trim()));
  const zones = parts.map((part) => part?.[1] ?? '');
  if (parts.some((part) => part === null)) throw fault('OB_INVALID_ARGUMENT');
  for (const zone of zones) if (tx.cluster.zones.get({ zone }) === null) throw fault('OB_ZONE_INFO_NOT_EXIST', zone);
  return zones.map((zone) => `FULL{1}@${zone}`).join(', ');
}

/** Zones of `z1` or `z1;z2` must exist. */
export function checkedPrimaryZone(tx: Repositories, text: string | null): string {
  if (text === null || text.toUpperCase() === 'RANDOM') return 'RANDOM';
  for (const zone of text.split(/[;,]/)) {
    if (tx.cluster.zones.get({ zone }) === null) throw fault('OB_ZONE_INFO_NOT_EXIST', zone);
  }
  return text;
}
