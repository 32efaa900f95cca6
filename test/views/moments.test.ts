import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createViews, type TenantKind, type Views, viewSchema, zoneKindOf } from '../../src/catalog/view-reader.ts';
import { type FunctionContext, registerFunctions } from '../../src/sql/functions/register.ts';
import { parseStatement } from '../../src/sql/parse/parse.ts';
import { normalise } from '../../src/sql/scan.ts';
import type { SchemaProvider } from '../../src/sql/schema.ts';
import { type BindContext, bindCells } from '../../src/sql/translate/bind.ts';
import type { Plan } from '../../src/sql/translate/plan.ts';
import { translate } from '../../src/sql/translate/translate.ts';
import type { Cell } from '../../src/value/column-type.ts';
import { encodeRows } from '../../src/value/encode-row.ts';
import { openScratchCatalog, type ScratchCatalog } from '../catalog/scratch.ts';
import { fillSample } from './sample-catalog.ts';

const zones = ['+08:00', '-05:30', '+00:00', 'UTC', 'Europe/Berlin', 'Asia/Shanghai', 'SYSTEM'];

let scratch: ScratchCatalog;
let views: Views;
let context: BindContext & FunctionContext;

beforeAll(async () => {
  scratch = openScratchCatalog();
  await fillSample(scratch.catalog);
  views = createViews(scratch.catalog.release, scratch.catalog);
  context = {
    nowUs: scratch.clock.nowUs(),
    ...{ timeZone: '+08:00', sqlMode: '', database: 'oceanbase', user: 'root', host: '%', connectionId: 1 },
    ...{ lastInsertId: 0n, foundRows: 0n, rowCount: 0n, version: '', obVersion: '', tenantName: 'sys', tenantId: 1 },
    ...{ hostIp: '', rpcPort: 0, userVariables: {}, systemVariables: {} },
  };
  registerFunctions(views.readConnection, () => context);
});
afterAll(() => scratch.remove());

function planOf(text: string, schema: SchemaProvider): Plan {
  const statement = parseStatement(text);
  if (statement.kind !== 'query') throw new Error('no query');
  return translate(statement, { schema, database: 'oceanbase', sqlMode: '', collation: 'utf8mb4_general_ci' });
}

/** The rows as both protocols send them. */
function answer(plan: Plan, text: string) {
  const { nowUs, timeZone, tenantId } = context;
  const cells: unknown[] = bindCells(plan.binds, { literals: normalise(text).literals, parameters: [], context });
  const names = Object.entries({ nowUs, timeZone, tenantId }).filter(([name]) => plan.namedBinds.includes(name));
  if (names.length > 0) cells.push(Object.fromEntries(names));
  const rows = views.readConnection
    .prepare(plan.sql)
    .raw(true)
    .safeIntegers(true)
    .all(...cells) as Cell[][];
  const moments = plan.moments ? { zone: timeZone, at: plan.moments } : null;
  return {
    count: rows.length,
    text: encodeRows(plan.columns, rows, 'text', undefined, moments),
    binary: encodeRows(plan.columns, rows, 'binary', undefined, moments),
  };
}

/** The same views without moments: every time is a text SQLite has made. */
function texts(provider: SchemaProvider): SchemaProvider {
  return {
    hasDatabase: (name) => provider.hasDatabase(name),
    table(schema, name) {
      const source = provider.table(schema, name);
      return source && { ...source, columns: source.columns.map(({ moment: _, ...column }) => column) };
    },
  };
}

function both(text: string, kind: TenantKind, timeZone: string): { readonly moments: number; readonly rows: number } {
  context = { ...context, timeZone, tenantId: kind === 'sys' ? 1 : 1002 };
  const provider = views.schemaProvider(kind, zoneKindOf(timeZone));
  const [quick, slow] = [planOf(text, provider), planOf(text, texts(provider))];
  expect(slow.moments).toBeUndefined();
  expect(quick.columns).toEqual(slow.columns);
  const given = answer(quick, text);
  expect(given, `${text} in ${timeZone}`).toEqual(answer(slow, text));
  return { moments: quick.moments?.length ?? 0, rows: given.count };
}

describe('answers from microseconds are those from texts', () => {
  test.each(['sys', 'mysql', 'oracle'] as const)('every view of %s tenants in every zone', (kind) => {
    let withMoments = 0;
    for (const { name } of views.names(kind)) {
      const seen = zones.map((zone) => both(`SELECT * FROM ${viewSchema(kind)}.${name}`, kind, zone));
      if (seen.some(({ moments, rows }) => moments > 0 && rows > 0)) withMoments++;
    }
    if (kind === 'oracle') expect(withMoments).toBe(0);
    else expect(withMoments).toBeGreaterThan(8);
  });

  test.each([
    ['SELECT START_TIMESTAMP, END_TIMESTAMP FROM CDB_OB_BACKUP_JOBS ORDER BY START_TIMESTAMP DESC', 2],
    ['SELECT START_TIMESTAMP s FROM CDB_OB_BACKUP_TASK_HISTORY ORDER BY s LIMIT 1', 1],
    ["SELECT * FROM CDB_OB_BACKUP_TASK_HISTORY WHERE START_TIMESTAMP > '2024-01-31 12:00:00'", 2],
    ["SELECT CONCAT(START_TIMESTAMP, '!'), START_TIMESTAMP + 0 FROM CDB_OB_BACKUP_JOBS", 0],
    ['SELECT MAX(START_TIMESTAMP), MIN(END_TIMESTAMP) FROM CDB_OB_BACKUP_JOBS', 0],
    ['SELECT DISTINCT START_TIMESTAMP FROM CDB_OB_BACKUP_JOBS', 0],
    ['SELECT START_TIMESTAMP, COUNT(*) FROM CDB_OB_BACKUP_JOBS GROUP BY START_TIMESTAMP', 0],
    ['SELECT START_TIMESTAMP FROM CDB_OB_BACKUP_JOBS UNION SELECT END_TIMESTAMP FROM CDB_OB_BACKUP_JOB_HISTORY', 0],
    ['SELECT d.START_TIMESTAMP FROM (SELECT * FROM CDB_OB_BACKUP_JOBS) d', 0],
    ['WITH w AS (SELECT START_TIMESTAMP t FROM CDB_OB_BACKUP_JOBS) SELECT t FROM w', 0],
    ['SELECT (SELECT MAX(START_TIMESTAMP) FROM CDB_OB_BACKUP_JOBS), CHECKPOINT_SCN_DISPLAY FROM CDB_OB_ARCHIVELOG', 1],
    ['SELECT COALESCE(END_TIMESTAMP, START_TIMESTAMP) FROM CDB_OB_BACKUP_JOBS', 0],
    ['SELECT IF(1, START_TIMESTAMP, NULL), DATE(START_TIMESTAMP), HOUR(END_TIMESTAMP) FROM CDB_OB_BACKUP_JOBS', 0],
    [
      'SELECT a.START_TIMESTAMP, b.START_TIMESTAMP FROM CDB_OB_BACKUP_JOBS a LEFT JOIN CDB_OB_BACKUP_JOB_HISTORY b ON a.JOB_ID = b.JOB_ID',
      2,
    ],
    ['SELECT * FROM CDB_OB_BACKUP_JOBS NATURAL JOIN CDB_OB_BACKUP_JOBS x', 2],
    ['SELECT *, COUNT(*) OVER () FROM CDB_OB_BACKUP_JOBS', 2],
    ['SELECT MIN(JOB_ID), START_TIMESTAMP FROM CDB_OB_BACKUP_TASK_HISTORY', 1],
    ['SELECT SQL_CALC_FOUND_ROWS START_TIMESTAMP FROM CDB_OB_BACKUP_JOBS LIMIT 1', 1],
  ])('%s', (text, moments) => {
    for (const zone of zones) {
      const seen = both(text, 'sys', zone);
      expect(seen.moments).toBe(moments);
    }
  });

  test('SELECT … INTO keeps texts', () => {
    const provider = views.schemaProvider('sys', 'offset');
    expect(planOf('SELECT START_TIMESTAMP FROM CDB_OB_BACKUP_JOBS LIMIT 1 INTO @a', provider).moments).toBeUndefined();
  });

  test('moments spare SQLite the texts', () => {
    const plan = planOf('SELECT * FROM CDB_OB_BACKUP_JOBS', views.schemaProvider('sys', 'offset'));
    const steps = views.readConnection.prepare(`EXPLAIN ${plan.sql}`).all() as { p4: unknown }[];
    expect(steps.filter(({ p4 }) => String(p4).startsWith('strftime')).length).toBe(0);
  });
});
