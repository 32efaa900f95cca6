import { fault } from '../base/errors.ts';
import { charsetByName } from '../value/charset.ts';
import type { Cell } from '../value/column-type.ts';
import { fixedOffsetUs, isTimeZone } from '../value/time-zone.ts';
import { foldSqlMode } from './sql-mode.ts';
import { type ServerFacts, systemVariables, type VariableDefinition } from './system-variable-table.ts';
import { requireCarriedOut } from './variable-effects.ts';

/**
 * Values of variables as SHOW VARIABLES prints them (ON and OFF, numbers in digits); null is NULL. Keyed by canonical name:
 * an alias such as `transaction_isolation` has no entry of its own.
 */
export type VariableValues = Readonly<Record<string, string | null>>;

/** The variable of a name, any case; null when there is none. */
export function findVariable(name: string): VariableDefinition | null {
  return systemVariables.get(name.toLowerCase()) ?? null;
}

/** As `findVariable`; throws 1193. */
export function variableNamed(name: string): VariableDefinition {
  const definition = findVariable(name);
  if (definition === null) throw fault('OB_ERR_SYS_VARIABLE_UNKNOWN', name);
  return definition;
}

/** The key of a variable in `VariableValues`. */
export function storedName(definition: VariableDefinition): string {
  return definition.aliasOf ?? definition.name;
}

/** Throws when SET of that scope may not touch the variable: 1238 read only, 1229 global only, 1228 session only. */
export function checkSettable(definition: VariableDefinition, scope: 'session' | 'global'): void {
  const { name } = definition;
  if (definition.readOnly) throw fault('ER_INCORRECT_GLOBAL_LOCAL_VAR', name, 'read only');
  if (scope === 'session' && definition.scope === 'global') throw fault('ER_GLOBAL_VARIABLE', name);
  if (scope === 'global' && definition.scope === 'session') throw fault('ER_LOCAL_VARIABLE', name);
}

/** Throws 1238 when `@@scope.name` does not exist; a plain `@@name` (null) always does. */
export function checkReadable(definition: VariableDefinition, scope: 'session' | 'global' | null): void {
  const { name } = definition;
  if (scope === 'session' && definition.scope === 'global')
    throw fault('ER_INCORRECT_GLOBAL_LOCAL_VAR', name, 'GLOBAL');
  if (scope === 'global' && definition.scope === 'session')
    throw fault('ER_INCORRECT_GLOBAL_LOCAL_VAR', name, 'SESSION');
}

/**
 * The value to store for `SET name = value`. Throws 1231 for a value the variable cannot have, 1232 for the wrong type, 1298,
 * 1115 and 1273 for unknown zones, character sets and collations, 1235 for a value nothing carries out. A number that comes
 * as text must be a number or a bigint here, as MySQL has it.
 */
export function checkAssignment(definition: VariableDefinition, value: Cell): string | null {
  const checked = checkedValue(definition, value);
  requireCarriedOut(definition, checked);
  return checked;
}

function checkedValue({ name, type }: VariableDefinition, value: Cell): string | null {
  const given = value instanceof Uint8Array ? new TextDecoder().decode(value) : value;
  if (given === null) {
    if ((type.kind === 'string' && type.nullable) || type.kind === 'nullableCharset') return null;
    throw wrongValue(name, 'NULL');
  }
  switch (type.kind) {
    case 'bool':
      return boolOf(name, given);
    case 'int':
      return intOf(name, given, type.min, type.max);
    case 'double':
      return doubleOf(name, given, type.min, type.max);
    case 'enum':
      return enumOf(name, given, type.values);
    case 'sqlMode':
      return foldSqlMode(given);
    case 'string':
      return textOf(name, given);
    case 'timeZone':
      return timeZoneOf(textOf(name, given));
    case 'charset':
    case 'nullableCharset':
      return charsetByName(textOf(name, given)).name;
    case 'collation':
      return collationOf(textOf(name, given));
  }
}

function wrongValue(name: string, value: string | number | bigint) {
  return fault('OB_ERR_WRONG_VALUE_FOR_VAR', name, value);
}

function boolOf(name: string, given: string | number | bigint): string {
  const word = String(given).toUpperCase();
  if (typeof given === 'number' && !Number.isInteger(given)) throw fault('ER_WRONG_TYPE_FOR_VAR', name);
  if (word === 'ON' || word === 'TRUE' || word === '1') return 'ON';
  if (word === 'OFF' || word === 'FALSE' || word === '0') return 'OFF';
  throw wrongValue(name, given);
}

function intOf(name: string, given: string | number | bigint, min: bigint, max: bigint): string {
  if (typeof given === 'string' || !(typeof given === 'bigint' || Number.isInteger(given)))
    throw fault('ER_WRONG_TYPE_FOR_VAR', name);
  const whole = BigInt(given);
  if (whole < min || whole > max) throw wrongValue(name, given);
  return String(whole);
}

function doubleOf(name: string, given: string | number | bigint, min: number, max: number): string {
  const value = Number(given);
  if (typeof given === 'string' || !Number.isFinite(value)) throw fault('ER_WRONG_TYPE_FOR_VAR', name);
  if (value < min || value > max) throw wrongValue(name, given);
  return String(value);
}

function enumOf(name: string, given: string | number | bigint, values: readonly string[]): string {
  if (typeof given === 'string') {
    const found = values.find((value) => value.toUpperCase() === given.toUpperCase());
    if (found === undefined) throw wrongValue(name, given);
    return found;
  }
  if (typeof given === 'number' && !Number.isInteger(given)) throw fault('ER_WRONG_TYPE_FOR_VAR', name);
  const found = values[Number(given)];
  if (found === undefined) throw wrongValue(name, given);
  return found;
}

function textOf(name: string, given: string | number | bigint): string {
  if (typeof given !== 'string') throw fault('ER_WRONG_TYPE_FOR_VAR', name);
  return given;
}

/** Offsets are brought to `+08:00`; a name stays as typed. */
function timeZoneOf(zone: string): string {
  if (/^[+-]/.test(zone)) {
    if (fixedOffsetUs(zone) === null) throw fault('OB_ERR_UNKNOWN_TIME_ZONE', zone);
    return zone.replace(/^([+-])(\d):/, '$10$2:');
  }
  if (!isTimeZone(zone)) throw fault('OB_ERR_UNKNOWN_TIME_ZONE', zone);
  return zone.toUpperCase() === 'SYSTEM' ? 'SYSTEM' : zone;
}

const collationEnds =
  /^(?:bin|general_ci|general_cs|unicode_ci|unicode_520_ci|0900_(?:bin|ai_ci|as_ci|as_cs)|swedish_ci|chinese_ci)$/;

function collationOf(collation: string): string {
  const name = collation.toLowerCase();
  if (name === 'binary') return name;
  const cut = name.indexOf('_');
  const known = cut > 0 && collationEnds.test(name.slice(cut + 1)) && isCharset(name.slice(0, cut));
  if (!known) throw fault('ER_UNKNOWN_COLLATION', collation);
  return name;
}

function isCharset(name: string): boolean {
  try {
    return charsetByName(name).name !== '';
  } catch {
    return false;
  }
}

function defaultOf(definition: VariableDefinition, facts: ServerFacts): string | null {
  return typeof definition.default === 'function' ? definition.default(facts) : definition.default;
}

/** Every global value as a new tenant has it. */
export function defaultGlobals(facts: ServerFacts): VariableValues {
  const values: Record<string, string | null> = {};
  for (const definition of systemVariables.values()) {
    if (definition.scope === 'session' || definition.aliasOf !== null) continue;
    values[definition.name] = defaultOf(definition, facts);
  }
  return Object.freeze(values);
}

const sessionDefaults: readonly (readonly [string, string | null])[] = [...systemVariables.values()]
  .filter(({ scope }) => scope === 'session')
  .map(({ name, default: value }) => [name, typeof value === 'function' ? '' : value] as const);

/**
 * The values a new session starts with: the globals it copies, the variables only sessions have, then `overrides` (what
 * login decided, such as the character set). Not frozen: the session owns the object.
 */
export function defaultSession(globals: VariableValues, overrides: VariableValues = {}): Record<string, string | null> {
  const values: Record<string, string | null> = { ...globals };
  for (const [name, value] of sessionDefaults) values[name] = value;
  return Object.assign(values, overrides);
}

/** What `SELECT @@name` gives for a stored value: flags and integers as numbers, the rest as text. */
export function variableCell(definition: VariableDefinition, stored: string | null): Cell {
  if (stored === null) return null;
  const { kind } = definition.type;
  if (kind === 'bool') return stored === 'ON' ? 1 : 0;
  if (kind === 'double') return Number(stored);
  if (kind !== 'int') return stored;
  const whole = BigInt(stored);
  return BigInt.asIntN(53, whole) === whole ? Number(whole) : whole;
}
