import { fault } from '../../../base/errors.ts';
import type { Describe, Show } from '../../../sql/ast/session.ts';
import type { SourceColumn } from '../../../sql/schema.ts';
import { formatTypeText, isTextType } from '../../../value/column-storage.ts';
import type { Cell, ResultColumn } from '../../../value/column-type.ts';
import { utcTextToLocal } from '../../../value/time-zone.ts';
import { answerColumn, answerRows, longText, number, shortText } from '../answer.ts';
import { nextValue } from '../auto-increment.ts';
import { requireTable, resolveName } from '../ddl/change.ts';
import { backquote } from '../ddl/quote-text.ts';
import { createTableText } from '../ddl/show-create.ts';
import { requireTablePrivilege, seesDatabase, seesTable } from '../privileges.ts';
import type { Execution, StatementResult } from '../statement.ts';
import type { TableSchema } from '../table-schema.ts';
import { charsetRows, collationRows, engineRow } from './character-sets.ts';
import { extraText, indexRows, keyLetter } from './column-views.ts';
import { filterRows, likeFilter } from './filter.ts';
import { informationSchema } from './information-schema.ts';
import { tableNames, tableRows } from './table-views.ts';

interface Listing {
  readonly columns: readonly ResultColumn[];
  readonly rows: Iterable<readonly Cell[]>;
  /** Column LIKE looks at. */
  readonly likeColumn?: number;
}

/** SHOW over what the tenant holds; everything else is the session's or refused. */
export function show(execution: Execution, statement: Show): StatementResult {
  const listing = list(execution, statement);
  let rows: Iterable<readonly Cell[]> = listing.rows;
  if (statement.like !== null) rows = likeFilter(rows, listing.likeColumn ?? 0, statement.like);
  if (statement.where) rows = filterRows(execution, listing.columns, [...rows], statement.where);
  return answerRows(execution, listing.columns, rows);
}

function list(execution: Execution, statement: Show): Listing {
  switch (statement.what) {
    case 'databases':
      return databases(execution, statement);
    case 'tables':
      return tables(execution, statement);
    case 'columns':
      return columns(execution, statement);
    case 'index':
      return indexes(execution, statement);
    case 'createTable':
      return createTable(execution, statement);
    case 'createDatabase':
      return createDatabase(execution, statement);
    case 'tableStatus':
      return tableStatus(execution, statement);
    case 'engines':
      return { columns: headed('Engine,Support,Comment,Transactions,XA,Savepoints'), rows: [engineRow] };
    case 'charset':
      return {
        columns: headed('Charset,Description,Default collation,Maxlen', 3),
        rows: charsetRows().map(([name, collation, text, bytes]) => [name!, text!, collation!, bytes!]),
      };
    case 'collation':
      return { columns: headed('Collation,Charset,Id,Default,Compiled,Sortlen', 2, 5), rows: collationRows() };
    case 'triggers':
      return nothing(
        'Trigger,Event,Table,Statement,Timing,Created,sql_mode,Definer,character_set_client,collation_connection,Database Collation',
      );
    case 'events':
      return nothing(
        'Db,Name,Definer,Time zone,Type,Execute at,Interval value,Interval field,Starts,Ends,Status,Originator,character_set_client,collation_connection,Database Collation',
      );
    case 'procedureStatus':
    case 'functionStatus':
      return nothing(
        'Db,Name,Type,Definer,Modified,Created,Security_type,Comment,character_set_client,collation_connection,Database Collation',
      );
    case 'openTables':
      return { columns: headed('Database,Table,In_use,Name_locked', 2, 3), rows: [] };
    case 'plugins':
      return nothing('Name,Status,Type,Library,License');
    case 'profiles':
      return nothing('Query_ID,Duration,Query');
    default:
      throw fault('OB_NOT_SUPPORTED', `show ${statement.what} is`);
  }
}

/** Column heads parted by commas; `numbers` are positions of numbers. */
function headed(heads: string, ...numbers: readonly number[]): readonly ResultColumn[] {
  return heads.split(',').map((head, i) => answerColumn(head, numbers.includes(i) ? number : shortText));
}

function nothing(heads: string): Listing {
  return { columns: headed(heads), rows: [] };
}

function databases({ tenant, context }: Execution, statement: Show): Listing {
  const names = [...tenant.dictionary.databases().keys()].sort().filter((name) => seesDatabase(context, name));
  const label = statement.like === null ? 'Database' : `Database (${statement.like})`;
  return { columns: [answerColumn(label)], rows: names.map((name) => [name]) };
}

function requireSchema({ tenant, context }: Execution, given: string | null): string {
  const schema = (given ?? context.database)?.toLowerCase();
  if (schema === undefined) throw fault('ER_NO_DB');
  if (!tenant.dictionary.hasDatabase(schema)) throw fault('OB_ERR_BAD_DATABASE', schema);
  if (!seesDatabase(context, schema)) throw fault('ER_DBACCESS_DENIED', context.user, context.host, schema);
  return schema;
}

function tables(execution: Execution, statement: Show): Listing {
  const schema = requireSchema(execution, statement.database);
  const label = statement.like === null ? `Tables_in_${schema}` : `Tables_in_${schema} (${statement.like})`;
  const heads = [answerColumn(label), ...(statement.full ? [answerColumn('Table_type')] : [])];
  const names = tableNames(execution.tenant, schema).filter(([name]) =>
    seesTable(execution.context, schema, name.toLowerCase()),
  );
  return { columns: heads, rows: names.map(([name, kind]) => (statement.full ? [name, kind] : [name])) };
}

function columns(execution: Execution, statement: Show): Listing {
  const name = statement.database === null ? statement.subject! : { ...statement.subject!, schema: statement.database };
  return columnListing(execution, name, statement.full);
}

/** DESC table [column or pattern]. */
export function describe(execution: Execution, statement: Describe): StatementResult {
  const listing = columnListing(execution, statement.table, false);
  const rows = statement.column === null ? listing.rows : likeFilter(listing.rows, 0, statement.column);
  return answerRows(execution, listing.columns, rows);
}

function columnListing(execution: Execution, name: { schema: string | null; name: string }, full: boolean): Listing {
  const heads = full
    ? ['Field', 'Type', 'Collation', 'Null', 'Key', 'Default', 'Extra', 'Privileges', 'Comment']
    : ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'];
  const resolved = resolveName(execution, name);
  const view = viewColumns(execution, resolved.schema, resolved.name);
  const found = view ?? tableColumns(execution, requireTable(execution, name));
  const rows = full
    ? found
    : found.map(([field, type, , isNull, key, given, extra]) => [field!, type!, isNull!, key!, given!, extra!]);
  return {
    columns: heads.map((head) => answerColumn(head, head === 'Type' || head === 'Default' ? longText : shortText)),
    rows,
  };
}

const allPrivileges = 'SELECT,INSERT,UPDATE,REFERENCES';

function tableColumns(execution: Execution, table: TableSchema): readonly (readonly Cell[])[] {
  if (!seesTable(execution.context, table.schema, table.name))
    requireTablePrivilege(execution.context, 'SELECT', table.schema, table.name);
  return table.columns.map((column) => [
    column.name,
    formatTypeText(column.type),
    isTextType(column.type) ? (column.type.collation ?? null) : null,
    column.nullable ? 'YES' : 'NO',
    keyLetter(table, column),
    column.default?.shown ?? null,
    extraText(column),
    allPrivileges,
    column.comment,
  ]);
}

function viewColumns({ tenant }: Execution, schema: string, name: string): readonly (readonly Cell[])[] | null {
  const own = schema === 'information_schema' && informationSchema.find((view) => view.name.toLowerCase() === name);
  const found: readonly SourceColumn[] | null = own ? own.columns : tenant.dictionary.systemColumns(schema, name);
  return (
    found?.map((column) => {
      const collation = isTextType(column.type) ? 'utf8mb4_general_ci' : null;
      return [
        column.name,
        formatTypeText(column.type),
        collation,
        column.nullable ? 'YES' : 'NO',
        '',
        null,
        '',
        'SELECT',
        '',
      ];
    }) ?? null
  );
}

function indexes(execution: Execution, statement: Show): Listing {
  const name = statement.database === null ? statement.subject! : { ...statement.subject!, schema: statement.database };
  const table = requireTable(execution, name);
  const heads = headed(
    'Table,Non_unique,Key_name,Seq_in_index,Column_name,Collation,Cardinality,Sub_part,Packed,Null,Index_type,Comment,Index_comment,Visible,Expression',
    1,
    3,
    6,
    7,
  );
  const rows = [...indexRows(table)].map((row) => {
    const head = [table.name, row.unique ? 0 : 1, row.name, row.position, row.column, row.descending ? 'D' : 'A'];
    return [...head, null, row.length, null, row.nullable ? 'YES' : '', 'BTREE', 'available', '', 'YES', null];
  });
  return { columns: heads, rows, likeColumn: 2 };
}

function createTable(execution: Execution, statement: Show): Listing {
  const table = requireTable(execution, statement.subject!);
  if (!seesTable(execution.context, table.schema, table.name))
    requireTablePrivilege(execution.context, 'SELECT', table.schema, table.name);
  const { store } = execution.tenant;
  const next = nextValue(execution.transaction.writing ? store.writer : store.keeper, table);
  const heads = [answerColumn('Table'), answerColumn('Create Table', longText)];
  return { columns: heads, rows: [[table.name, createTableText(table, next)]] };
}

function createDatabase(execution: Execution, statement: Show): Listing {
  const schema = requireSchema(execution, statement.database ?? statement.subject?.name ?? null);
  const { charset, collation } = execution.tenant.dictionary.databases().get(schema)!;
  const collate = collation === `${charset}_general_ci` ? '' : ` DEFAULT COLLATE = ${collation}`;
  const text = `CREATE DATABASE ${backquote(schema)} DEFAULT CHARACTER SET = ${charset}${collate}`;
  return { columns: [answerColumn('Database'), answerColumn('Create Database', longText)], rows: [[schema, text]] };
}

function tableStatus(execution: Execution, statement: Show): Listing {
  const schema = requireSchema(execution, statement.database);
  const heads = headed(
    'Name,Engine,Version,Row_format,Rows,Avg_row_length,Data_length,Max_data_length,Index_length,Data_free,Auto_increment,Create_time,Update_time,Check_time,Collation,Checksum,Create_options,Comment',
    2,
    4,
    5,
    6,
    7,
    8,
    9,
    10,
    15,
  );
  const local = (cell: Cell | undefined) =>
    typeof cell === 'string' ? utcTextToLocal(execution.context.timeZone, cell) : null;
  const rows = [...tableRows(execution.tenant)]
    .filter((row) => row[1] === schema && seesTable(execution.context, schema, String(row[2]).toLowerCase()))
    .map((row) => [row[2]!, ...row.slice(4, 14), ...row.slice(14, 16).map(local), ...row.slice(16)]);
  return { columns: heads, rows };
}
