import type { Expression } from '../../../sql/ast/expression.ts';
import { bareSelect } from '../../../sql/bare-select.ts';
import { type TableSource, viewColumn } from '../../../sql/schema.ts';
import { bindCells } from '../../../sql/translate/bind.ts';
import { translate } from '../../../sql/translate/translate.ts';
import type { Cell, ResultColumn } from '../../../value/column-type.ts';
import { enterStatement } from '../connection-setup.ts';
import { functionContext } from '../function-context.ts';
import { literalsOf } from '../literals-of.ts';
import type { Execution } from '../statement.ts';
import { quoteName } from '../table-schema.ts';

/** Rows whose cell matches a LIKE pattern, ignoring case. */
export function* likeFilter(
  rows: Iterable<readonly Cell[]>,
  column: number,
  pattern: string,
): Iterable<readonly Cell[]> {
  const matches = likePattern(pattern);
  for (const row of rows) if (matches.test(String(row[column] ?? ''))) yield row;
}

function likePattern(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|([%_])|([.*+?^${}()|[\]\\])/gs, (_all, escaped, wild, special) => {
    if (escaped !== undefined) return `\\u{${(escaped as string).codePointAt(0)!.toString(16)}}`;
    if (wild !== undefined) return wild === '%' ? '.*' : '.';
    return `\\${special as string}`;
  });
  return new RegExp(`^${source}$`, 'isu');
}

/** Rows for which SHOW … WHERE holds: the condition is run over them as over a table. */
export function filterRows(
  execution: Execution,
  columns: readonly ResultColumn[],
  rows: readonly (readonly Cell[])[],
  where: Expression,
): readonly (readonly Cell[])[] {
  const { context, request, tenant } = execution;
  const source: TableSource = {
    schema: '',
    name: listed,
    kind: 'view',
    sql: valuesSql(columns, rows),
    columns: columns.map(({ label, type }) => viewColumn(label, type)),
    primaryKey: [],
    uniqueKeys: [],
  };
  const schema = { hasDatabase: () => true, table: () => source };
  const env = { schema, database: 'information_schema', sqlMode: context.sqlMode, collation: context.collation };
  const plan = translate({ kind: 'query', query: filterQuery(where) }, env);
  const inputs = {
    literals: literalsOf(where),
    parameters: request.parameters ?? [],
    context: { ...context, nowUs: request.nowUs },
  };
  const reader = tenant.store.takeReader();
  try {
    enterStatement(reader, functionContext(execution), execution.check);
    return reader
      .prepare(plan.sql)
      .raw()
      .all(...bindCells(plan.binds, inputs)) as Cell[][];
  } finally {
    tenant.store.returnReader(reader);
  }
}

const listed = '__listed';

function filterQuery(where: Expression) {
  return bareSelect({
    items: [{ kind: 'star', schema: null, table: null }],
    from: [{ kind: 'table', table: { schema: null, name: listed }, alias: null, start: 0 }],
    where,
  });
}

function valuesSql(columns: readonly ResultColumn[], rows: readonly (readonly Cell[])[]): string {
  const names = columns.map(({ label }, i) => `column${i + 1} AS ${quoteName(label)}`).join(', ');
  if (rows.length === 0)
    return `SELECT ${columns.map(({ label }) => `NULL AS ${quoteName(label)}`).join(', ')} WHERE 0`;
  const tuples = rows.map((row) => `(${row.map(literal).join(', ')})`);
  return `SELECT ${names} FROM (VALUES ${tuples.join(', ')})`;
}

function literal(cell: Cell): string {
  if (cell === null) return 'NULL';
  return typeof cell === 'string' ? `'${cell.replaceAll("'", "''")}'` : String(cell);
}
