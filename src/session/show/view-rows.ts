import { fault } from '../../base/errors.ts';
import { type ViewDescription, viewSchema } from '../../catalog/view-reader.ts';
import type { Show } from '../../sql/ast/session.ts';
import { formatTypeText, isTextType } from '../../value/column-storage.ts';
import { type MemoryRows, numberColumn, textColumn } from '../memory-table.ts';
import { catalogQueries } from '../queries.ts';
import type { SessionContext } from '../session-context.ts';
import { findSessionTable, sessionTables } from '../session-tables.ts';

const known = new WeakMap<object, Map<string, readonly ViewDescription[]>>();

/** Every view the session's kind of tenant has, by name. */
export function viewsOf({ host, state }: SessionContext): readonly ViewDescription[] {
  const source = catalogQueries(host).views;
  let kinds = known.get(source);
  if (!kinds) {
    kinds = new Map();
    known.set(source, kinds);
  }
  let views = kinds.get(state.kind);
  if (!views) {
    views = source.names(state.kind);
    kinds.set(state.kind, views);
  }
  return views;
}

/** A view by its name, any case; 1146 when there is none. */
export function viewNamed(name: string, session: SessionContext): ViewDescription {
  const upper = name.toUpperCase();
  const found = viewsOf(session).find((view) => view.name === upper);
  if (!found) throw fault('OB_TABLE_NOT_EXIST', viewSchema(session.state.kind), name);
  return found;
}

/** The view or session table a SHOW is about. */
function described({ subject }: Pick<Show, 'subject'>, session: SessionContext): ViewDescription {
  return describedTable(subject?.schema ?? null, subject?.name ?? '', session);
}

/** A view or session table by its name; 1146 when there is none. */
export function describedTable(schema: string | null, name: string, session: SessionContext): ViewDescription {
  const { kind, database } = session.state;
  const table = kind === 'oracle' ? null : findSessionTable(schema ?? database, name);
  if (table === null) return viewNamed(name, session);
  const columns = table.source.columns.map(({ name, type, nullable }) => ({
    ...{ name, type, nullable },
    typeText: formatTypeText(type),
  }));
  return { schema: table.schema, name: table.name, columns };
}

/** Views and session tables of the system database, in the order of their names. */
function systemNames(session: SessionContext): readonly string[] {
  const schema = viewSchema(session.state.kind);
  const tables = sessionTables.filter((table) => table.schema === schema);
  return [...viewsOf(session), ...tables].map(({ name }) => name).sort();
}

export function viewTables(show: Show, session: SessionContext): MemoryRows {
  const schema = viewSchema(session.state.kind);
  const label = `Tables_in_${schema}${show.like === null ? '' : ` (${show.like})`}`;
  const columns = [textColumn(label, 128), ...(show.full ? [textColumn('Table_type', 64)] : [])];
  const rows = systemNames(session).map((name) => (show.full ? [name, 'SYSTEM VIEW'] : [name]));
  return { columns, rows };
}

const statusLabels =
  'Name Engine Version Row_format Rows Avg_row_length Data_length Max_data_length Index_length Data_free Auto_increment Create_time Update_time Check_time Collation Checksum Create_options Comment'.split(
    ' ',
  );
const statusColumns = statusLabels.map((label) => textColumn(label, 128));

export function viewStatus(_: Show, session: SessionContext): MemoryRows {
  const blank = new Array<null>(statusLabels.length - 2).fill(null);
  return { columns: statusColumns, rows: systemNames(session).map((name) => [name, ...blank, 'SYSTEM VIEW']) };
}

const plainLabels = ['Field', 'Type', 'Null', 'Key', 'Default', 'Extra'];
const fullLabels = ['Field', 'Type', 'Collation', 'Null', 'Key', 'Default', 'Extra', 'Privileges', 'Comment'];
const plainColumns = plainLabels.map((label) => textColumn(label));
const fullColumns = fullLabels.map((label) => textColumn(label));

/** DESC, SHOW [FULL] COLUMNS. */
export function viewColumns(show: Pick<Show, 'subject' | 'full'>, session: SessionContext): MemoryRows {
  const view = described(show, session);
  const rows = view.columns.map(({ name, type, typeText, nullable }) => {
    const collation = isTextType(type) ? (type.collation ?? 'utf8mb4_general_ci') : null;
    const yes = nullable ? 'YES' : 'NO';
    if (!show.full) return [name, typeText, yes, '', null, ''];
    return [name, typeText, collation, yes, '', null, '', 'SELECT', ''];
  });
  return { columns: show.full ? fullColumns : plainColumns, rows };
}

const indexLabels =
  'Table Non_unique Key_name Seq_in_index Column_name Collation Cardinality Sub_part Packed Null Index_type Comment Index_comment Visible'.split(
    ' ',
  );
const numbers = new Set(['Non_unique', 'Seq_in_index', 'Cardinality', 'Sub_part']);
const indexColumns = indexLabels.map((label) => (numbers.has(label) ? numberColumn(label) : textColumn(label, 128)));

/** SHOW INDEX: views have none. */
export function viewIndexes(show: Show, session: SessionContext): MemoryRows {
  described(show, session);
  return { columns: indexColumns, rows: [] };
}

const createColumns = ['View', 'Create View', 'character_set_client', 'collation_connection'].map((label) =>
  textColumn(label, 65_535),
);

/** SHOW CREATE TABLE of a view: its columns; how the server fills them is no SQL of a tenant. */
export function createView(show: Show, session: SessionContext): MemoryRows {
  const view = described(show, session);
  const columns = view.columns.map(({ name }) => `\`${name}\``).join(', ');
  const text = `CREATE VIEW \`${view.name}\` AS SELECT ${columns} FROM \`${view.schema}\`.\`${view.name}\``;
  return { columns: createColumns, rows: [[view.name, text, 'utf8mb4', 'utf8mb4_general_ci']] };
}
