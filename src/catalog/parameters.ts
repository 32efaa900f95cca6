import { fault, hinted, isFault } from '../base/errors.ts';
import type { Release } from '../base/release.ts';
import { type ParameterDefinition, parameterDefinitions } from './parameter-definitions.ts';
import { checkParameterText, parseParameter } from './parameter-values.ts';
import { openTable, type Store } from './store.ts';

/** The tenant id under which cluster-wide values are stored. */
export const clusterScope = 0;

/**
 * Parameters of the cluster and of tenants. A tenant id of `clusterScope` names the cluster. Readers throw a plain Error
 * for a name that does not exist: asking for one is a bug, a user's typing is checked with `definition`.
 */
export interface ParameterRepository {
  /** By lower-case name; null when the release has no such parameter. */
  definition(name: string): ParameterDefinition | null;
  definitions(): readonly ParameterDefinition[];
  /** Throws OB_INVALID_CONFIG for a read-only parameter and for a value of the wrong type, unit or range. */
  check(name: string, value: string): string;
  /** Checks and stores. */
  set(tenantId: number, name: string, value: string): void;
  /** Stores without looking at edit level and range; for values the server itself decides. */
  store(tenantId: number, name: string, value: string): void;
  reset(tenantId: number, name: string): void;
  /** The value in force as text. */
  text(tenantId: number, name: string): string;
  integer(tenantId: number, name: string): number;
  flag(tenantId: number, name: string): boolean;
  timeUs(tenantId: number, name: string): number;
  capacityBytes(tenantId: number, name: string): bigint;
  /** The values a tenant has changed. */
  changed(tenantId: number): Readonly<Record<string, string>>;
  removeTenant(tenantId: number): void;
}

interface ParameterValue {
  readonly tenantId: number;
  readonly name: string;
  readonly value: string;
  readonly modifyUs: number;
}

export function createParameters(store: Store, release: Release): ParameterRepository {
  const known = new Map(parameterDefinitions(release).map((definition) => [definition.name, definition]));
  const values = openTable<ParameterValue, 'tenantId' | 'name'>(store, {
    name: 'parameter_value',
    key: ['tenantId', 'name'],
    fields: { tenantId: 'int', name: 'text', value: 'text', modifyUs: 'int' },
  });
  const need = (name: string): ParameterDefinition => {
    const definition = known.get(name);
    if (!definition) throw new Error(`there is no parameter ${name}`);
    return definition;
  };
  const owner = (tenantId: number, name: string) => (need(name).scope === 'CLUSTER' ? clusterScope : tenantId);
  const text = (tenantId: number, name: string): string =>
    values.get({ tenantId: owner(tenantId, name), name })?.value ?? need(name).defaultValue;
  const parsed = (tenantId: number, name: string) => parseParameter(need(name).type, text(tenantId, name));
  const put = (tenantId: number, name: string, value: string) =>
    values.put({ tenantId: owner(tenantId, name), name, value, modifyUs: store.nowUs() });
  const check = (name: string, value: string): string => {
    const definition = need(name);
    if (definition.editLevel === 'READONLY') throw hinted(fault('OB_INVALID_CONFIG'), `${name} is read only`);
    try {
      return checkParameterText(definition.type, definition.range, value);
    } catch (error) {
      if (!isFault(error)) throw error;
      throw hinted(error, `${name} takes ${allowed(definition)}, not '${value.slice(0, 64)}'`);
    }
  };
  return Object.freeze({
    definition: (name: string) => known.get(name.toLowerCase()) ?? null,
    definitions: () => [...known.values()],
    check,
    set: (tenantId: number, name: string, value: string) => put(tenantId, name, check(name, value)),
    store: put,
    reset: (tenantId: number, name: string) => void values.remove({ tenantId: owner(tenantId, name), name }),
    text,
    integer: (tenantId: number, name: string) => Number(parsed(tenantId, name)),
    flag: (tenantId: number, name: string) => parsed(tenantId, name) === true,
    timeUs: (tenantId: number, name: string) => Number(parsed(tenantId, name)),
    capacityBytes: (tenantId: number, name: string) => BigInt((parsed(tenantId, name) as bigint | null) ?? 0n),
    changed: (tenantId: number) => Object.fromEntries(values.list({ tenantId }).map((row) => [row.name, row.value])),
    removeTenant: (tenantId: number) => void values.removeAll({ tenantId }),
  });
}

/** Keeps the table the parameter views read in step with the definitions of the release. */
export function storeDefinitions(store: Store, release: Release): void {
  const wanted = parameterDefinitions(release);
  const rows = wanted.map((d) => [
    ...[d.name, d.scope, d.type, d.defaultValue, d.info, d.section, d.editLevel],
    d.hidden ? 1n : 0n,
  ]);
  const present = store.database
    .prepare('SELECT * FROM parameter_definition ORDER BY name')
    .raw(true)
    .safeIntegers(true);
  if (fingerprint(present.all()) === fingerprint(rows)) return;
  store.database.exec('DELETE FROM parameter_definition');
  const insert = store.database.prepare('INSERT INTO parameter_definition VALUES (?, ?, ?, ?, ?, ?, ?, ?)');
  for (const row of rows) insert.run(...row);
}

function fingerprint(rows: readonly unknown[]): string {
  return JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? Number(value) : value));
}

/** What a parameter takes, for whoever gave it something else. */
function allowed({ type, range: { min, max, words } }: ParameterDefinition): string {
  if (words) return `one of ${words.map((word) => `'${word}'`).join(', ')}`;
  const bounds = [...(min === undefined ? [] : ['from', min]), ...(max === undefined ? [] : ['to', max])];
  return ['a value of type', type, ...bounds].join(' ');
}
