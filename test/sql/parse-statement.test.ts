import { describe, expect, test } from 'vitest';
import type { ColumnDefinition, CreateTable } from '../../src/sql/ast/definition.ts';
import type { Expression } from '../../src/sql/ast/expression.ts';
import { parseStatement } from '../../src/sql/parse/parse.ts';

const literal = (value: unknown) => expect.objectContaining({ kind: 'literal', value });
/** The tree with the rows of an INSERT read to the end. */
function whole(text: string): object & { readonly rows?: unknown } {
  const tree = parseStatement(text);
  if (tree.kind !== 'insert' || tree.rows === null) return tree as object;
  return { ...tree, rows: tree.rows.runs.flatMap((run) => ('rows' in run ? run.rows : [...run.read()])) };
}

const table = (name: string, schema: string | null = null) => ({ schema, name });

describe('changing rows', () => {
  test.each<[string, object]>([
    [
      'insert into t values (1)',
      { kind: 'insert', replace: false, ignore: false, table: table('t'), columns: null, rows: [[literal('1')]] },
    ],
    ['insert t () values ()', { columns: [], rows: [[]] }],
    [
      'insert ignore into d.t (t.a, `b`) value (1, default)',
      {
        ignore: true,
        table: table('t', 'd'),
        columns: ['a', 'b'],
        rows: [[literal('1'), { kind: 'default', column: null }]],
      },
    ],
    ['insert into t set a = 1, b = 2', { columns: ['a', 'b'], rows: [[literal('1'), literal('2')]] }],
    ['insert into t select 1', { columns: null, rows: null, query: { kind: 'select' } }],
    ['insert into t (a) (select 1)', { columns: ['a'], query: { kind: 'select' } }],
    ['insert into t ((select 1) union (select 2))', { columns: null, query: { kind: 'setOperation' } }],
    ['replace delayed t values (1)', { replace: true, onDuplicate: null }],
    [
      'insert into t values (1) on duplicate key update a = values(a), t.b = b + 1',
      {
        onDuplicate: [
          { table: null, column: 'a', value: { kind: 'valuesOf', column: 'a' } },
          { table: 't', column: 'b' },
        ],
      },
    ],
    [
      'update t set a = 1 where b order by c limit 3',
      {
        kind: 'update',
        from: [{ kind: 'table' }],
        assignments: [{ column: 'a' }],
        where: { kind: 'column' },
        limit: { offset: null },
      },
    ],
    [
      'update a, b set a.x = b.x',
      { from: [{ kind: 'table' }, { kind: 'table' }], assignments: [{ table: 'a', column: 'x' }] },
    ],
    ['delete from t where a = 1', { kind: 'delete', targets: [table('t')], from: [{ table: table('t') }] }],
    ['delete from t as x where x.a = 1', { targets: [table('t')], from: [{ alias: 'x' }] }],
    ['delete a, d.b.* from a join d.b on 1', { targets: [table('a'), table('b', 'd')], from: [{ kind: 'join' }] }],
    ['delete from a using a join b on 1', { targets: [table('a')], from: [{ kind: 'join' }] }],
    ['truncate d.t', { kind: 'truncate', table: table('t', 'd') }],
  ])('%s', (text, expected) => {
    expect(whole(text)).toMatchObject(expected);
  });
});

describe('plain rows', () => {
  const strip = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (key, part) =>
        ['start', 'end'].includes(key) ? undefined : part instanceof Uint8Array ? [...part] : part,
      ),
    );
  const values = [
    '1',
    '-2',
    '1.5',
    '.5',
    '1e3',
    "'a'",
    "'it''s'",
    "'\\n\\\\\\''",
    "''",
    'NULL',
    'null',
    'nullx',
    'DEFAULT',
    "_binary 'b\\0'",
    '0xAb',
    '0xZ',
    "x'00'",
    'NOW()',
    "'a' 'b'",
    '12a',
    'TRUE',
    '?',
    "'中'",
    '1+1',
    '- 3',
  ];

  test('are read as the ordinary parser reads them', () => {
    const rows = values.flatMap((left) => values.map((right) => [left, right]));
    const fast = `insert into t values ${rows.map((row) => `( ${row.join(' ,')})`).join(',\n')} on duplicate key update a = 7`;
    const slow = fast.replaceAll('( ', '(/**/');
    expect(strip(whole(fast))).toEqual(strip(whole(slow)));
  });

  test.each([
    "insert into t values (1,'a'",
    'insert into t values (1,)',
    "insert into t values ('a",
    'insert into t values 1',
    'insert into t values (1),',
    'insert into t values (1) (2)',
    'insert into t values',
  ])('%s is a syntax error', (text) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ errno: 1064 }));
  });

  test('a literal knows its place behind megabytes', () => {
    const text = `insert into t values ${Array.from({ length: 50_000 }, (_, at) => `(${at}, 'row ${at}', NULL)`).join(', ')}, (now(), 'last', 5)`;
    const tree = parseStatement(text);
    if (tree.kind !== 'insert') throw new Error(tree.kind);
    expect(tree.rows).toMatchObject({ length: 50_001, runs: [{ length: 50_000, width: 3 }, {}] });
    const rows = whole(text).rows as readonly (readonly Expression[])[];
    expect(rows).toHaveLength(50_001);
    for (const at of [0, 1, 49_999]) {
      const cell = rows[at]![1]!;
      expect(cell).toMatchObject({ value: `row ${at}`, slot: at * 2 + 1 });
      if (cell.kind === 'literal') expect(text.slice(cell.start, cell.end)).toBe(`'row ${at}'`);
    }
    expect(rows.at(-1)![2]).toMatchObject({ value: '5', slot: 100_001 });
  });
});

describe('column types', () => {
  test.each<[string, object]>([
    ['INT(11)', { name: 'int', length: 11 }],
    ['INTEGER UNSIGNED', { name: 'int', unsigned: true }],
    ['BIGINT(5) ZEROFILL', { name: 'bigint', length: 5, unsigned: true, zerofill: true }],
    ['INT1', { name: 'tinyint' }],
    ['MIDDLEINT', { name: 'mediumint' }],
    ['BOOL', { name: 'tinyint', length: 1 }],
    ['NUMERIC', { name: 'decimal', precision: 10, scale: 0 }],
    ['DEC(5)', { name: 'decimal', precision: 5, scale: 0 }],
    ['FIXED(5,2)', { name: 'decimal', precision: 5, scale: 2 }],
    ['FLOAT(24)', { name: 'float' }],
    ['FLOAT(25)', { name: 'double' }],
    ['FLOAT(7,3)', { name: 'float', precision: 7, scale: 3 }],
    ['DOUBLE PRECISION', { name: 'double' }],
    ['REAL', { name: 'double' }],
    ['BIT', { name: 'bit', length: 1 }],
    ['YEAR(4)', { name: 'year', length: 4 }],
    ['TIME', { name: 'time', scale: 0 }],
    ['TIMESTAMP(6)', { name: 'timestamp', scale: 6 }],
    ['CHAR', { name: 'char', length: 1 }],
    ['CHARACTER VARYING(5)', { name: 'varchar', length: 5 }],
    ['NCHAR VARCHAR(5)', { name: 'varchar', length: 5, charset: 'utf8' }],
    ['NATIONAL CHARACTER(5)', { name: 'char', length: 5, charset: 'utf8' }],
    ['VARCHAR(5) BINARY', { name: 'varchar', length: 5, collation: 'utf8mb4_bin' }],
    [
      'VARCHAR(5) CHARSET latin1 COLLATE latin1_bin',
      { name: 'varchar', length: 5, charset: 'latin1', collation: 'latin1_bin' },
    ],
    ['TEXT', { name: 'text' }],
    ['TEXT(63)', { name: 'tinytext' }],
    ['TEXT(100)', { name: 'text' }],
    ['BLOB(70000)', { name: 'mediumblob' }],
    ['LONG VARBINARY', { name: 'mediumblob' }],
    ['BINARY', { name: 'binary', length: 1 }],
    ["ENUM('a','it''s')", { name: 'enum', values: ['a', "it's"] }],
    ["SET('x') CHARACTER SET binary", { name: 'set', values: ['x'], charset: 'binary' }],
    ['JSON', { name: 'json' }],
  ])('%s', (text, type) => {
    const tree = parseStatement(`create table t (c ${text})`);
    expect((tree as CreateTable).columns[0]!.type).toEqual(type);
  });

  test.each(['POINT', 'GEOMETRY', 'MULTIPOLYGON'])('%s is refused', (type) => {
    expect(parseStatement(`create table t (c ${type})`)).toEqual({
      kind: 'unsupported',
      feature: 'spatial column type is',
    });
  });

  test.each(['VARCHAR', 'VARBINARY', 'INT(', 'NOTHING', 'ENUM()', "INT('5')", '5'])('%s is a syntax error', (type) => {
    expect(() => parseStatement(`create table t (c ${type})`)).toThrow(expect.objectContaining({ errno: 1064 }));
  });
});

describe('column attributes', () => {
  test.each<[string, Partial<ColumnDefinition>]>([
    ['INT', { nullable: true, default: null, autoIncrement: false, comment: null }],
    [
      "INT COMMENT 'x' NOT NULL AUTO_INCREMENT PRIMARY KEY",
      { comment: 'x', nullable: false, autoIncrement: true, primaryKey: true },
    ],
    ['SERIAL', { nullable: false, autoIncrement: true, unique: true }],
    ['INT DEFAULT NULL UNIQUE', { default: literal(null), unique: true }],
    ['INT DEFAULT -5', { default: expect.objectContaining({ kind: 'unary', operator: '-' }) }],
    [
      "CHAR(1) DEFAULT 'a' COLLATE utf8mb4_bin",
      { default: literal('a'), type: { name: 'char', length: 1, collation: 'utf8mb4_bin' } },
    ],
    [
      'TIMESTAMP NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE NOW()',
      { onUpdateNow: true, default: expect.objectContaining({ kind: 'function', name: 'current_timestamp' }) },
    ],
    ['INT GENERATED ALWAYS AS (a + 1) STORED', { generated: expect.objectContaining({ stored: true }) }],
    ['INT AS (a + 1)', { generated: expect.objectContaining({ stored: false }) }],
    ['INT CHECK (c > 1)', { check: expect.objectContaining({ operator: '>' }) }],
    [
      'INT REFERENCES p (id) ON DELETE SET NULL',
      { references: { table: table('p'), columns: ['id'], onDelete: 'SET NULL', onUpdate: null } },
    ],
  ])('%s', (text, expected) => {
    expect((parseStatement(`create table t (c ${text})`) as CreateTable).columns[0]).toMatchObject(expected);
  });
});

describe('definitions', () => {
  test('keys and constraints', () => {
    const tree = parseStatement(
      'create table t (a int, constraint pk primary key (a, b(3) desc), unique key u (a), constraint un unique (b), key (c) using btree, fulltext ft (d), constraint fk foreign key (a) references d.o (x) on update cascade, constraint ck check (a  > 1), e int constraint named check (e > 2))',
    );
    expect(tree).toMatchObject({
      constraints: [
        {
          kind: 'primary',
          parts: [
            { column: 'a', length: null, descending: false },
            { column: 'b', length: 3, descending: true },
          ],
        },
        { kind: 'unique', name: 'u' },
        { kind: 'unique', name: 'un' },
        { kind: 'index', name: null },
        { kind: 'fulltext', name: 'ft' },
        {
          kind: 'foreign',
          name: 'fk',
          columns: ['a'],
          target: { table: table('o', 'd'), columns: ['x'], onDelete: null, onUpdate: 'CASCADE' },
        },
        { kind: 'check', name: 'ck', text: 'a  > 1' },
        { kind: 'check', name: 'named', text: 'e > 2' },
      ],
    });
  });

  test.each<[string, object]>([
    [
      "create table t (a int) engine=InnoDB, auto_increment 5 default charset=UTF8 collate = utf8_bin comment 'x' row_format=dynamic",
      {
        options: {
          engine: 'InnoDB',
          auto_increment: '5',
          charset: 'utf8',
          collate: 'utf8_bin',
          comment: 'x',
          row_format: 'dynamic',
        },
      },
    ],
    ['create temporary table if not exists t (a int)', { temporary: true, ifNotExists: true }],
    ['create table t like d.u', { like: table('u', 'd'), columns: [] }],
    ['create table t as select 1', { query: { kind: 'select' } }],
    ['create table t (a int) engine=x select 1', { columns: [{ name: 'a' }], query: { kind: 'select' } }],
    [
      'create table t (a int) partition by hash (a) partitions 4',
      { partitioning: 'partition by hash (a) partitions 4' },
    ],
    ['create table t (a int) /*!50100 partition by key (a) */', { partitioning: 'partition by key (a)' }],
    ['alter table t', { kind: 'alterTable', actions: [] }],
    [
      'alter table t add a int first, add column (b int, c int), add key k (a)',
      {
        actions: [
          { kind: 'addColumn', position: { first: true } },
          { kind: 'addColumn', column: { name: 'b' } },
          { kind: 'addColumn', column: { name: 'c' } },
          { kind: 'addConstraint', constraint: { kind: 'index', name: 'k' } },
        ],
      },
    ],
    [
      'alter table t modify a bigint after b, change c d int',
      {
        actions: [
          { kind: 'changeColumn', oldName: 'a', position: { after: 'b' } },
          { kind: 'changeColumn', oldName: 'c', column: { name: 'd' } },
        ],
      },
    ],
    [
      'alter table t drop a, drop column b, drop primary key, drop key k, drop foreign key f, drop check c',
      {
        actions: [
          { kind: 'dropColumn', name: 'a' },
          { kind: 'dropColumn', name: 'b' },
          { kind: 'dropPrimary' },
          { kind: 'dropIndex', name: 'k' },
          { kind: 'dropForeign', name: 'f' },
          { kind: 'dropCheck', name: 'c' },
        ],
      },
    ],
    [
      'alter table t alter a set default 1, alter b drop default',
      {
        actions: [
          { kind: 'alterDefault', column: 'a', default: { kind: 'literal' } },
          { kind: 'alterDefault', column: 'b', default: null },
        ],
      },
    ],
    [
      'alter table t rename to d.u, rename column a to b, rename index c to e',
      {
        actions: [
          { kind: 'renameTable', table: table('u', 'd') },
          { kind: 'renameColumn', oldName: 'a', newName: 'b' },
          { kind: 'renameIndex', oldName: 'c', newName: 'e' },
        ],
      },
    ],
    [
      'alter table t convert to character set utf8 collate utf8_bin, disable keys',
      {
        actions: [
          { kind: 'convertCharset', charset: 'utf8', collation: 'utf8_bin' },
          { kind: 'keys', enable: false },
        ],
      },
    ],
    [
      "alter table t engine=x comment='y', algorithm=inplace, lock=none",
      { actions: [{ kind: 'options', options: { engine: 'x', comment: 'y' } }] },
    ],
    [
      'create unique index i on d.t (a, b(3) desc) using btree',
      { kind: 'createIndex', name: 'i', unique: true, parts: [{ column: 'a' }, { length: 3, descending: true }] },
    ],
    ['drop index i on t', { kind: 'dropIndex', name: 'i', table: table('t') }],
    [
      'drop table if exists a, d.b',
      { kind: 'dropTable', ifExists: true, view: false, tables: [table('a'), table('b', 'd')] },
    ],
    ['drop view v', { kind: 'dropTable', view: true }],
    ['drop temporary table t', { temporary: true }],
    ['rename table a to b, d.c to e', { renames: [{ from: table('a'), to: table('b') }, { from: table('c', 'd') }] }],
    [
      'create database if not exists x default charset utf8 collate utf8_bin',
      { kind: 'createDatabase', name: 'x', ifNotExists: true, charset: 'utf8', collation: 'utf8_bin' },
    ],
    ['alter database character set = utf8', { kind: 'alterDatabase', name: null, charset: 'utf8' }],
    ['drop schema if exists x', { kind: 'dropDatabase', name: 'x', ifExists: true }],
  ])('%s', (text, expected) => {
    expect(parseStatement(text)).toMatchObject(expected);
  });

  test.each([
    'create table t',
    'create table t ()',
    'create table t (a)',
    'create table t (a int,)',
    'create table t (a int) nonsense=1',
    'alter table t add',
    'alter table t frobnicate',
    'alter table t drop',
    'create index on t (a)',
    'drop table',
    'rename table a',
    'create database',
    'create table t (a int, primary key)',
    'create table select (a int)',
  ])('%s is a syntax error', (text) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ errno: 1064 }));
  });
});

describe('sessions', () => {
  test.each<[string, object]>([
    ['begin', { kind: 'begin', readOnly: false, snapshot: false }],
    ['start transaction with consistent snapshot, read only', { kind: 'begin', readOnly: true, snapshot: true }],
    ['commit and no chain no release', { kind: 'commit' }],
    ['rollback work', { kind: 'rollback' }],
    ['rollback to savepoint', { kind: 'rollbackTo', name: 'savepoint' }],
    ['rollback to savepoint s', { kind: 'rollbackTo', name: 's' }],
    ['release savepoint s', { kind: 'release', name: 's' }],
    [
      'lock tables a read local, b as c low_priority write',
      { kind: 'lockTables', unlock: false, tables: [{ write: false }, { write: true }] },
    ],
    ['unlock tables', { unlock: true }],
    ['kill query 5', { kind: 'kill', query: true }],
    ['use d', { kind: 'use', name: 'd' }],
    ["prepare s from 'select 1'", { kind: 'prepare', name: 's', source: { kind: 'literal', value: 'select 1' } }],
    ['execute s using @A, @b', { kind: 'execute', using: ['a', 'b'] }],
    ['drop prepare s', { kind: 'deallocate', name: 's' }],
    ['check table a, b quick', { kind: 'maintenance', verb: 'check', tables: [table('a'), table('b')] }],
    ['flush tables with read lock', { kind: 'flush', tables: [], lock: true }],
    ['flush local tables', { kind: 'flush', tables: [], lock: false }],
    ['flush table a, b for export', { kind: 'flush', tables: [table('a'), table('b')], lock: true }],
    ['flush no_write_to_binlog privileges, binary logs', { kind: 'flush', tables: [], lock: false }],
    ['do 1, f(2)', { kind: 'do' }],
    ['desc d.t col', { kind: 'describe', table: table('t', 'd'), column: 'col' }],
    ["describe t 'c%'", { column: 'c%' }],
    ['explain select 1', { kind: 'explain', statement: { kind: 'query' } }],
    ['explain format=json delete from t', { kind: 'explain', statement: { kind: 'delete' } }],
    ['desc extended', { kind: 'describe', table: table('extended') }],
    ['/*!40101 */ -- nothing', { kind: 'empty' }],
    [';', { kind: 'empty' }],
  ])('%s', (text, expected) => {
    expect(parseStatement(text)).toMatchObject(expected);
  });

  test.each<[string, object[]]>([
    [
      "set autocommit=1, sql_mode = concat(@@sql_mode,',X')",
      [
        { kind: 'system', name: 'autocommit', scope: 'session', value: literal('1') },
        { kind: 'system', name: 'sql_mode', value: { kind: 'function', name: 'concat' } },
      ],
    ],
    [
      'set @@global.A := 1, @@b = 2',
      [
        { name: 'a', scope: 'global' },
        { name: 'b', scope: 'session' },
      ],
    ],
    [
      'set global a = 1, b = 2, session c = 3, @d = 4',
      [{ scope: 'global' }, { scope: 'global' }, { scope: 'session' }, { kind: 'user', name: 'd' }],
    ],
    [
      'set a = on, b = utf8mb4, c = default, d = null, e = system',
      [
        { value: { type: 'string', value: 'on', slot: -1 } },
        { value: { type: 'string', value: 'utf8mb4' } },
        { value: 'default' },
        { value: { type: 'null' } },
        { value: { value: 'system' } },
      ],
    ],
    ['set a = binary, b = all', [{ value: { value: 'binary' } }, { value: { value: 'all' } }]],
    ["set names 'utf8' collate utf8_bin", [{ kind: 'names', charset: 'utf8', collation: 'utf8_bin' }]],
    ['set names default', [{ kind: 'names', charset: 'default', collation: null }]],
    ['set names binary', [{ charset: 'binary' }]],
    ['set character set gbk', [{ kind: 'characterSet', charset: 'gbk' }]],
    [
      'set transaction isolation level read committed, read only',
      [{ kind: 'transaction', scope: 'next', isolation: 'READ COMMITTED', readOnly: true }],
    ],
    ['set session transaction read write', [{ scope: 'session', isolation: null, readOnly: false }]],
    [
      'set names = 1, session = 2, transaction = 3',
      [{ kind: 'system', name: 'names' }, { name: 'session' }, { name: 'transaction' }],
    ],
  ])('%s', (text, items) => {
    expect(parseStatement(text)).toMatchObject({ kind: 'set', items });
  });

  test.each([
    'set',
    'set a',
    'set a =',
    'set names',
    'set @a',
    'set transaction',
    "set password = 'x'",
    'set a = 1 b = 2',
    'set global transaction snapshot',
    'flush',
    'flush nonsense',
    'flush tables for export',
    'flush tables t with read',
    'flush logs, tables',
  ])('%s is a syntax error', (text) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ errno: 1064 }));
  });
});

describe('SHOW', () => {
  test.each<[string, object]>([
    ["show databases like 'a%'", { what: 'databases', like: 'a%' }],
    ['show full tables from d where a = 1', { what: 'tables', full: true, database: 'd', where: { kind: 'binary' } }],
    ['show columns from t from d', { what: 'columns', subject: table('t', 'd'), database: 'd' }],
    ['show full fields in d.t', { what: 'columns', full: true, subject: table('t', 'd') }],
    ['show keys from t', { what: 'index', subject: table('t') }],
    ['show create table d.t', { what: 'createTable', subject: table('t', 'd') }],
    ['show create schema d', { what: 'createDatabase', subject: table('d') }],
    ["show create user 'a'@'b'", { what: 'createUser', subject: table('a', 'b') }],
    ['show create tenant x', { what: 'createTenant', subject: table('x') }],
    ["show global variables like 'x'", { what: 'variables', global: true, like: 'x' }],
    ['show session status', { what: 'status', global: false }],
    ['show warnings limit 1, 2', { what: 'warnings', limit: { offset: literal('1') } }],
    ['show count(*) errors', { what: 'countErrors' }],
    ['show full processlist', { what: 'processlist', full: true }],
    ['show table status from d', { what: 'tableStatus', database: 'd' }],
    ['show grants', { what: 'grants', subject: null }],
    ['show grants for root@localhost', { subject: table('root', 'localhost') }],
    ['show grants for a@%', { subject: table('a', '%') }],
    ["show grants for 'a' @ 'b'", { subject: table('a', 'b') }],
    ["show parameters like 'ax%%b_' escape 'x' tenant = t", { what: 'parameters', like: 'a\\%%b_', tenant: 't' }],
    [String.raw`show tables like 'a\\|||_|' escape '|'`, { what: 'tables', like: String.raw`a\\\|\_\|` }],
    [String.raw`show tables like 'a\\_' escape ''`, { what: 'tables', like: String.raw`a\\_` }],
    ["show parameters like 'x' tenant = t", { what: 'parameters', like: 'x', tenant: 't' }],
    ['show parameters tenant t', { tenant: 't', like: null }],
    ['show tenant status', { what: 'tenantStatus' }],
    ['show restore preview', { what: 'restorePreview' }],
    ['show character set', { what: 'charset' }],
    ['show master logs', { what: 'binaryLogs' }],
    ['show replica status', { what: 'slaveStatus' }],
  ])('%s', (text, expected) => {
    expect(parseStatement(text)).toMatchObject({ kind: 'show', ...expected });
  });

  test.each([
    'show',
    'show nothing',
    'show global tables',
    'show columns',
    'show create',
    'show count(*)',
    'show databases like x',
    "show databases like 'x' escape",
    "show 'tables'",
  ])('%s is a syntax error', (text) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ errno: 1064 }));
  });
});

describe('understood and refused', () => {
  test.each<[string, string]>([
    ['create trigger x before insert on t for each row set a = 1', 'create trigger is'],
    ['create definer=`root`@`%` procedure p() begin end', 'create procedure is'],
    ['create or replace algorithm = merge sql security definer view v as select 1', 'create view is'],
    ['create function f() returns int return 1', 'create function is'],
    ['create event e on schedule every 1 day do select 1', 'create event is'],
    ['create server s foreign data wrapper mysql options (host "x")', 'create server is'],
    ['create fulltext index i on t (a)', 'create fulltext index is'],
    ['create table t (a int) ignore select 1', 'create table ignore or replace as select is'],
    ['drop procedure if exists p', 'drop procedure is'],
    ['alter view v as select 1', 'alter view is'],
    ["load data infile 'x' into table t", 'load data is'],
    ['call p(1)', 'call is'],
    ['handler t open', 'handler is'],
    ["xa start 'x'", 'xa is'],
    ["install plugin x soname 'y'", 'install plugin is'],
    ['alter table t add partition (partition p1 values less than (5))', 'partition management is'],
    ['alter table t truncate partition p0', 'partition management is'],
    ['alter table t drop partition p0', 'partition management is'],
    ['commit and chain', 'commit and chain is'],
    ['insert into t values row(1)', 'values row is'],
    ['insert into t values (1) as new on duplicate key update a = new.a', 'insert row alias is'],
    ['insert into t partition (p0) values (1)', 'partition selection is'],
    ['create table t (a int, key ((a + 1)))', 'functional index is'],
    ['show create trigger t', 'show create trigger is'],
    ['show engine innodb status', 'show engine is'],
    ['set role all', 'set role is'],
    ['reset master', 'reset is'],
    ['start slave', 'start slave is'],
  ])('%s', (text, feature) => {
    expect(parseStatement(text)).toEqual({ kind: 'unsupported', feature });
  });

  test.each([
    'create',
    'create nothing',
    'drop nothing',
    'alter system backup',
    'install',
    'load x',
    'grant all on *.* to a',
    'create user a',
    'create tenant t',
    'frobnicate',
    '1',
    "'a'",
    '`select` 1',
  ])('%s is a syntax error here', (text) => {
    expect(() => parseStatement(text)).toThrow(expect.objectContaining({ errno: 1064 }));
  });
});
