import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { systemVariables, type VariableDefinition } from '../../src/sql/system-variable-table.ts';
import { checkAssignment, variableCell } from '../../src/sql/system-variables.ts';
import { followedVariables, ineffective, onlyValues } from '../../src/sql/variable-effects.ts';
import type { Cell } from '../../src/value/column-type.ts';

const settable = [...systemVariables.values()].filter((definition) => !definition.readOnly);

/** A value beside the default that the variable can have. */
function otherValue({ type, default: built }: VariableDefinition): Cell {
  switch (type.kind) {
    case 'bool':
      return built === 'ON' ? 0 : 1;
    case 'int':
      return String(type.min) === built ? type.min + 1n : type.min;
    case 'double':
      return String(type.min) === built ? type.min + 1 : type.min;
    case 'enum':
      return type.values.find((value) => value !== built) ?? null;
    case 'string':
      return `not ${String(built)}`;
    case 'sqlMode':
      return 'ANSI_QUOTES';
    case 'timeZone':
      return '-03:00';
    case 'charset':
    case 'nullableCharset':
      return 'latin1';
    case 'collation':
      return 'utf8mb4_bin';
  }
}

function refusal(definition: VariableDefinition, value: Cell): number | null {
  try {
    checkAssignment(definition, value);
    return null;
  } catch (error) {
    if (error instanceof ObError) return error.errno;
    throw error;
  }
}

describe('no variable is accepted and ignored', () => {
  test('another value than the default is followed, refused or remarked upon; the default is always taken', () => {
    for (const definition of settable) {
      const name = definition.aliasOf ?? definition.name;
      const value = otherValue(definition);
      // nls_sort has one value.
      if (value === null) continue;
      const refused = refusal(definition, value);
      const remarked = refused === null && ineffective(definition, checkAssignment(definition, value)) !== null;
      const answers = [followedVariables.has(name), refused === 1235, remarked].filter(Boolean);
      expect(answers.length, `${definition.name} = ${value}`).toBe(1);
      expect(refused === null || refused === 1235, definition.name).toBe(true);
      const built = String(definition.default);
      const cell = definition.default === null ? null : variableCell(definition, built);
      expect(refusal(definition, cell), definition.name).toBeNull();
      expect(ineffective(definition, checkAssignment(definition, cell)), definition.name).toBeNull();
    }
  });

  test('somebody reads what counts as followed', () => {
    const source = join(import.meta.dirname, '../../src');
    const texts = readdirSync(source, { recursive: true, encoding: 'utf8' })
      .filter((path) => /\.ts$/.test(path) && !/(?:system-variable-table|variable-effects)\.ts$/.test(path))
      .map((path) => readFileSync(join(source, path), 'utf8'));
    for (const name of followedVariables) {
      // The kinds of characters are read by the ends of their names.
      const read = name.replace(/^validate_password_(?=.*(?:count|length)$)/, '');
      const known = texts.some((text) => text.includes(`'${read}'`));
      expect(known, name).toBe(true);
    }
  });

  test('the two lists name variables there are, and none of them twice', () => {
    for (const name of [...followedVariables, ...onlyValues.keys()])
      expect(systemVariables.get(name)?.aliasOf, name).toBeNull();
    for (const name of onlyValues.keys()) expect(followedVariables.has(name), name).toBe(false);
  });

  test('what clients and dump programs set when they connect is never refused', () => {
    const said: Readonly<Record<string, Cell>> = {
      ...{ sql_notes: 0, unique_checks: 0, foreign_key_checks: 0, sql_log_bin: 0, sql_quote_show_create: 1 },
      ...{ max_execution_time: 0, net_read_timeout: 86400, net_write_timeout: 86400, wait_timeout: 2147483 },
      ...{ ob_query_timeout: 3600000000, ob_trx_timeout: 3600000000, ob_trx_idle_timeout: 1200000000 },
      ...{ sql_auto_is_null: 0, auto_increment_increment: 1, interactive_timeout: 28800, lock_wait_timeout: 3600 },
      ...{ innodb_lock_wait_timeout: 7200, group_concat_max_len: 4294967295, sql_select_limit: 18446744073709551615n },
      ...{ ob_read_consistency: 'WEAK', optimizer_switch: 'mrr=off', default_storage_engine: 'InnoDB', recyclebin: 1 },
    };
    for (const [name, value] of Object.entries(said))
      expect(refusal(systemVariables.get(name)!, value), name).toBeNull();
  });
});
