import { fault } from '../../../base/errors.ts';
import type { Insert } from '../../../sql/ast/change.ts';
import type { Query } from '../../../sql/ast/query.ts';
import { planInsert } from '../../../sql/translate/insert.ts';
import { translate } from '../../../sql/translate/translate.ts';
import type { ColumnType } from '../../../value/column-type.ts';
import { enterStatement } from '../connection-setup.ts';
import { functionContext, newEffects } from '../function-context.ts';
import { literalsOf } from '../literals-of.ts';
import { requirePlanPrivileges } from '../privileges.ts';
import { insertWith } from '../run-insert.ts';
import { bindInputs, translateEnv } from '../run-plan.ts';
import { findColumn, type TableColumn, type TableSchema } from '../table-schema.ts';
import type { Change } from './change.ts';
import type { Draft } from './table-builder.ts';

/** Adds the columns a CREATE TABLE … AS SELECT brings; returns the query with the columns it fills. */
export function queryColumns(change: Change, query: Query, draft: Draft): QueryFill {
  const { execution } = change;
  const plan = translate({ kind: 'query', query }, translateEnv(execution));
  requirePlanPrivileges(execution.context, plan);
  const columns: string[] = [];
  for (const { label, type, notNull } of plan.columns) {
    if (columns.some((column) => column.toLowerCase() === label.toLowerCase())) throw fault('ER_DUP_FIELDNAME', label);
    columns.push(label);
    if (!findColumn(draft, label)) draft.columns.push(plainColumn(label, storable(type, draft), notNull !== true));
  }
  return { query, columns };
}

export interface QueryFill {
  readonly query: Query;
  readonly columns: readonly string[];
}

/** Runs the query into the new table; returns the number of rows. */
export function fillFromQuery({ execution, writer }: Change, table: TableSchema, fill: QueryFill): number {
  const statement: Insert = {
    kind: 'insert',
    replace: false,
    ignore: false,
    table: { schema: table.schema, name: table.name },
    columns: fill.columns,
    rows: null,
    query: fill.query,
    onDuplicate: null,
  };
  const insert = planInsert(statement, translateEnv(execution));
  const effects = newEffects();
  enterStatement(writer, functionContext(execution, effects), execution.check);
  const inputs = bindInputs(execution, literalsOf(fill.query));
  return insertWith(execution, writer, effects, { insert, statement }, inputs).affectedRows;
}

function plainColumn(name: string, type: ColumnType, nullable: boolean): TableColumn {
  return {
    name,
    type,
    nullable,
    default: null,
    onUpdateNow: false,
    autoIncrement: false,
    comment: '',
    generated: null,
  };
}

/** The type of an expression as a table can hold it. */
function storable(type: ColumnType, draft: Draft): ColumnType {
  if (type.name === 'null') return { name: 'binary', length: 0 };
  if (type.name !== 'varchar' && type.name !== 'char') return type;
  const { charset, collation } = draft;
  const texts = { charset: type.charset ?? charset, collation: type.collation ?? collation };
  const long = (type.length ?? 0) > longestVarchar;
  return long ? { name: 'longtext', ...texts } : { ...type, ...texts, length: type.length ?? 255 };
}

const longestVarchar = 65_535;
