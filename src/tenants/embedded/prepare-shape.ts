import { parseStatement } from '../../sql/parse/parse.ts';
import { BROKEN, END, PARAMETER, Scanner } from '../../sql/scan/scanner.ts';
import type { PreparedShape, StatementContext } from '../engine-session.ts';
import { planShape } from './run-plan.ts';
import type { SqlTenant } from './sql-tenant.ts';
import { scanOptions } from './statement.ts';

/** What a client learns when it prepares: parameters and, for queries, columns. Errors of the text show here. */
export function prepareShape(tenant: SqlTenant, sql: string, context: StatementContext): PreparedShape {
  const statement = parseStatement(sql, scanOptions(context));
  if (tenant.meta.mode === 'mysql') {
    const shape = planShape(tenant, statement, context);
    if (shape) return shape;
  }
  return { parameterCount: countParameters(sql), columns: [] };
}

function countParameters(sql: string): number {
  const scanner = new Scanner(sql);
  let count = 0;
  for (let kind = scanner.next(); kind !== END && kind !== BROKEN; kind = scanner.next())
    if (kind === PARAMETER) count++;
  return count;
}
