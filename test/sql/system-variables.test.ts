import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { type ServerFacts, systemVariables } from '../../src/sql/system-variable-table.ts';
import {
  checkAssignment,
  checkReadable,
  checkSettable,
  defaultGlobals,
  defaultSession,
  findVariable,
  storedName,
  variableCell,
  variableNamed,
} from '../../src/sql/system-variables.ts';
import type { Cell } from '../../src/value/column-type.ts';

const facts: ServerFacts = {
  release: parseRelease('4.2.1'),
  hostname: 'h',
  port: 2881,
  dataDirectory: '/d',
  oracle: false,
};
const globals = defaultGlobals(facts);
const assign = (name: string, value: Cell) => checkAssignment(variableNamed(name), value);
const failure = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    if (error instanceof ObError) return { errno: error.errno, message: error.message };
    throw error;
  }
  throw new Error('did not fail');
};

describe('defaults', () => {
  test.each([
    ['version', '5.7.25-OceanBase-v4.2.1.0'],
    ['ob_query_timeout', '10000000'],
    ['ob_trx_timeout', '86400000000'],
    ['ob_trx_idle_timeout', '86400000000'],
    ['autocommit', 'ON'],
    ['time_zone', '+08:00'],
    ['system_time_zone', 'CST'],
    ['recyclebin', 'OFF'],
    ['ob_compatibility_mode', 'MYSQL'],
    ['lower_case_table_names', '1'],
    ['sql_mode', 'STRICT_ALL_TABLES,NO_ZERO_IN_DATE'],
    ['ob_tcp_invited_nodes', '127.0.0.1,::1'],
    ['wait_timeout', '28800'],
    ['max_allowed_packet', '16777216'],
    ['ob_read_consistency', 'STRONG'],
    ['tx_isolation', 'READ-COMMITTED'],
    ['secure_file_priv', null],
  ])('%s is %s', (name, value) => expect(globals[name]).toBe(value));

  test('the version follows the release', () => {
    expect(globals.version_comment).toMatch(/^OceanBase 4\.2\.1\.0 \(r100000000-obvault\) \(Built .+\)$/);
    const later = defaultGlobals({ ...facts, release: parseRelease('4.3.2'), oracle: true });
    expect(later).toMatchObject({ version: '5.7.25-OceanBase-v4.3.2.0', ob_compatibility_mode: 'ORACLE' });
  });

  test('what clients read at connect is all there', () => {
    const read = `version version_comment sql_mode autocommit max_allowed_packet tx_isolation transaction_isolation tx_read_only
      transaction_read_only time_zone system_time_zone auto_increment_increment character_set_client character_set_connection
      character_set_results character_set_server character_set_database collation_connection collation_server
      collation_database lower_case_table_names interactive_timeout wait_timeout net_write_timeout init_connect license
      performance_schema query_cache_size query_cache_type ob_compatibility_mode ob_query_timeout`;
    for (const name of read.split(/\s+/)) expect(findVariable(name), name).not.toBeNull();
    expect(systemVariables.size).toBeGreaterThan(300);
  });

  test('every default is a value its variable accepts and shows unchanged', () => {
    const values = defaultSession(globals);
    for (const definition of systemVariables.values()) {
      const stored = values[storedName(definition)];
      expect(stored, definition.name).not.toBeUndefined();
      const cell = variableCell(definition, stored!);
      if (stored !== null || definition.type.kind !== 'string')
        expect(checkAssignment(definition, cell), definition.name).toBe(stored);
    }
  });

  test('a session copies the globals, adds its own, and takes what login says', () => {
    const values = defaultSession({ ...globals, recyclebin: 'ON' }, { character_set_client: 'gbk' });
    expect(values).toMatchObject({ recyclebin: 'ON', character_set_client: 'gbk', last_insert_id: '0' });
    values.recyclebin = 'OFF';
    expect(globals.recyclebin).toBe('OFF');
    expect(Object.keys(globals)).not.toContain('last_insert_id');
    expect(Object.keys(globals)).not.toContain('transaction_isolation');
  });

  test('names are lower case and aliases lead somewhere', () => {
    for (const { name, aliasOf } of systemVariables.values()) {
      expect(name).toBe(name.toLowerCase());
      if (aliasOf !== null) expect(findVariable(aliasOf)).toMatchObject({ aliasOf: null });
    }
  });
});

describe('reading', () => {
  test.each([
    ['autocommit', 'ON', 1],
    ['autocommit', 'OFF', 0],
    ['wait_timeout', '28800', 28800],
    ['sql_select_limit', '18446744073709551615', 18446744073709551615n],
    ['tx_isolation', 'SERIALIZABLE', 'SERIALIZABLE'],
    ['character_set_results', null, null],
    ['lower_case_table_names', '1', 1],
  ] as const)('%s %s', (name, stored, cell) => expect(variableCell(variableNamed(name), stored)).toBe(cell));
});

describe('assigning', () => {
  test.each([
    ['AUTOCOMMIT', 0, 'OFF'],
    ['autocommit', 'on', 'ON'],
    ['autocommit', 1n, 'ON'],
    ['ob_query_timeout', 900000000, '900000000'],
    ['ob_query_timeout', 3216672000000000n, '3216672000000000'],
    ['tx_isolation', 'repeatable-read', 'REPEATABLE-READ'],
    ['transaction_isolation', 3, 'SERIALIZABLE'],
    ['time_zone', '+8:00', '+08:00'],
    ['time_zone', 'system', 'SYSTEM'],
    ['time_zone', 'Europe/Berlin', 'Europe/Berlin'],
    ['character_set_results', null, null],
    ['character_set_client', 'UTF8MB4', 'utf8mb4'],
    ['collation_connection', 'utf8mb4_unicode_ci', 'utf8mb4_unicode_ci'],
    ['sql_mode', '', ''],
    ['sql_mode', 0, ''],
    [
      'sql_mode',
      'STRICT_ALL_TABLES,NO_ZERO_IN_DATE,strict_trans_tables',
      'STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE',
    ],
    ['sql_mode', ',STRICT_TRANS_TABLES', 'STRICT_TRANS_TABLES'],
    ['sql_mode', 4194304, 'STRICT_ALL_TABLES'],
    ['sql_mode', 'ansi', 'REAL_AS_FLOAT,PIPES_AS_CONCAT,ANSI_QUOTES,IGNORE_SPACE,ONLY_FULL_GROUP_BY,ANSI'],
    ['ob_tcp_invited_nodes', Buffer.from('%'), '%'],
    ['timestamp', 1.5, '1.5'],
  ] as const)('%s = %s', (name, value, stored) => expect(assign(name, value)).toBe(stored));

  test.each([
    ['autocommit', 2, 1231, "Variable 'autocommit' can't be set to the value of '2'"],
    ['autocommit', 'maybe', 1231, "Variable 'autocommit' can't be set to the value of 'maybe'"],
    ['autocommit', 0.5, 1232, "Incorrect argument type to variable 'autocommit'"],
    ['autocommit', null, 1231, "Variable 'autocommit' can't be set to the value of 'NULL'"],
    ['wait_timeout', '10', 1232, "Incorrect argument type to variable 'wait_timeout'"],
    ['wait_timeout', 0, 1231, "Variable 'wait_timeout' can't be set to the value of '0'"],
    ['wait_timeout', 1.5, 1232, "Incorrect argument type to variable 'wait_timeout'"],
    ['tx_isolation', 'CHAOS', 1231, "Variable 'tx_isolation' can't be set to the value of 'CHAOS'"],
    ['tx_isolation', 4, 1231, "Variable 'tx_isolation' can't be set to the value of '4'"],
    ['sql_mode', 'STRICT', 1231, "Variable 'sql_mode' can't be set to the value of 'STRICT'"],
    ['sql_mode', -1, 1231, "Variable 'sql_mode' can't be set to the value of '-1'"],
    ['time_zone', '+25:00', 1298, "Unknown or incorrect time zone: '+25:00'"],
    ['time_zone', 'Mars/Base', 1298, "Unknown or incorrect time zone: 'Mars/Base'"],
    ['character_set_client', 'klingon', 1115, "Unknown character set: 'klingon'"],
    ['collation_connection', 'utf8mb4_klingon', 1273, "Unknown collation: 'utf8mb4_klingon'"],
    ['init_connect', 1, 1232, "Incorrect argument type to variable 'init_connect'"],
  ] as const)('%s = %s fails with %i %s', (name, value, errno, message) => {
    expect(failure(() => assign(name, value))).toEqual({ errno, message });
  });

  test('unknown, read-only and wrongly scoped variables', () => {
    expect(findVariable('no_such')).toBeNull();
    expect(failure(() => variableNamed('No_Such'))).toEqual({
      errno: 1193,
      message: "Unknown system variable 'No_Such'",
    });
    const settable = (name: string, scope: 'session' | 'global') => () => checkSettable(variableNamed(name), scope);
    expect(failure(settable('version', 'global'))).toEqual({
      errno: 1238,
      message: "Variable 'version' is a read only variable",
    });
    expect(failure(settable('ob_compatibility_mode', 'session')).errno).toBe(1238);
    expect(failure(settable('lower_case_table_names', 'session')).errno).toBe(1238);
    expect(failure(settable('ob_tcp_invited_nodes', 'session'))).toEqual({
      errno: 1229,
      message: "Variable 'ob_tcp_invited_nodes' is a GLOBAL variable and should be set with SET GLOBAL",
    });
    expect(failure(settable('last_insert_id', 'global'))).toEqual({
      errno: 1228,
      message: "Variable 'last_insert_id' is a SESSION variable and can't be used with SET GLOBAL",
    });
    expect(settable('autocommit', 'session')).not.toThrow();
    expect(settable('autocommit', 'global')).not.toThrow();
    expect(failure(() => checkReadable(variableNamed('version'), 'session')).message).toBe(
      "Variable 'version' is a GLOBAL variable",
    );
    expect(failure(() => checkReadable(variableNamed('timestamp'), 'global')).message).toBe(
      "Variable 'timestamp' is a SESSION variable",
    );
    expect(() => checkReadable(variableNamed('version'), null)).not.toThrow();
  });

  test('any value of any variable is stored in a form that stores itself, or fails with a code', () => {
    const cell: fc.Arbitrary<Cell> = fc.oneof(
      fc.constant(null),
      fc.double(),
      fc.integer(),
      fc.bigInt(),
      fc.string(),
      fc.constantFrom('ON', 'off', '0', 'utf8', '+01:00', 'ANSI', 'a,b'),
      fc.uint8Array({ maxLength: 8 }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...systemVariables.values()), cell, (definition, value) => {
        let stored: string | null;
        try {
          stored = checkAssignment(definition, value);
        } catch (error) {
          if (!(error instanceof ObError)) throw error;
          return;
        }
        expect(checkAssignment(definition, variableCell(definition, stored))).toBe(stored);
      }),
      { numRuns: 3000 },
    );
  });
});
