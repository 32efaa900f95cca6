import { fault, faultText } from '../../../base/errors.ts';
import type { ColumnDefinition, CreateTable, IndexPart, TableConstraint } from '../../../sql/ast/definition.ts';
import type { Expression } from '../../../sql/ast/expression.ts';
import { parseExpression } from '../../../sql/parse/parse.ts';
import { isTextType } from '../../../value/column-storage.ts';
import type { ColumnType } from '../../../value/column-type.ts';
import {
  findColumn,
  type KeyPart,
  type TableCheck,
  type TableColumn,
  type TableForeignKey,
  type TableKey,
  type TableSchema,
} from '../table-schema.ts';
import { columnDefault } from './column-default.ts';
import { checkSql, generatedSql } from './expression-sql.ts';
import { expressionText } from './expression-text.ts';

/** A table under construction: what CREATE TABLE and ALTER TABLE change step by step before it is checked. */
export interface Draft {
  schema: string;
  name: string;
  columns: TableColumn[];
  primaryKey: KeyPart[];
  keys: TableKey[];
  foreignKeys: TableForeignKey[];
  checks: TableCheck[];
  charset: string;
  collation: string;
  comment: string;
  options: Record<string, string>;
  autoIncrement: number | string;
  wideKey?: boolean;
}

export interface BuildEnv {
  readonly sqlMode: string;
  readonly timeZone: string;
  /** Database of names without one. */
  readonly schema: string;
  /** The statement, for the texts of expressions. */
  readonly sql: string;
}

/** The table a CREATE TABLE describes. Throws what MySQL throws for definitions it refuses. */
export function buildTable(
  statement: CreateTable,
  base: { readonly schema: string; readonly name: string; readonly charset: string; readonly collation: string },
  env: BuildEnv,
): Draft {
  if (statement.partitioning !== null) throw fault('OB_NOT_SUPPORTED', 'partitioned table is');
  const draft: Draft = {
    ...base,
    columns: [],
    primaryKey: [],
    keys: [],
    foreignKeys: [],
    checks: [],
    comment: '',
    options: {},
    autoIncrement: 0,
  };
  applyOptions(draft, statement.options);
  for (const column of statement.columns) addColumn(draft, column, env);
  for (const constraint of statement.constraints) addConstraint(draft, constraint, env);
  return draft;
}

/** Appends a column and the keys its definition implies. */
export function addColumn(draft: Draft, definition: ColumnDefinition, env: BuildEnv, at = draft.columns.length): void {
  if (findColumn(draft, definition.name)) throw fault('ER_DUP_FIELDNAME', definition.name);
  draft.columns.splice(at, 0, buildColumn(draft, definition, env));
  addColumnKeys(draft, definition, env);
}

/** PRIMARY KEY, UNIQUE, CHECK and REFERENCES written behind a column. */
export function addColumnKeys(draft: Draft, definition: ColumnDefinition, env: BuildEnv): void {
  const parts = [{ column: definition.name, length: null, descending: false }];
  if (definition.primaryKey) addConstraint(draft, { kind: 'primary', parts }, env);
  if (definition.unique) addConstraint(draft, { kind: 'unique', name: null, parts }, env);
  if (definition.check) addCheck(draft, null, definition.check, null, env);
  if (definition.references)
    addConstraint(
      draft,
      { kind: 'foreign', name: null, columns: [definition.name], target: definition.references },
      env,
    );
}

export function buildColumn(draft: Draft, definition: ColumnDefinition, env: BuildEnv): TableColumn {
  const type = columnType(draft, definition);
  if (definition.name.length > 64) throw fault('OB_ERR_TOO_LONG_IDENT', definition.name);
  const given = columnDefault(definition, type, env);
  return {
    name: definition.name,
    type,
    nullable: definition.nullable && !definition.primaryKey && !definition.autoIncrement,
    default: given,
    onUpdateNow: definition.onUpdateNow,
    autoIncrement: definition.autoIncrement,
    comment: definition.comment ?? '',
    generated: generatedText(definition, env),
  };
}

function generatedText({ generated }: ColumnDefinition, env: BuildEnv): TableColumn['generated'] {
  if (!generated) return null;
  return { text: expressionText(env.sql, 'AS', generated.expression), sql: '', stored: generated.stored };
}

function columnType(draft: Draft, definition: ColumnDefinition): ColumnType {
  const { type } = definition;
  if ((type.name === 'varchar' || type.name === 'varbinary') && (type.length ?? 0) > maxVarcharLength)
    throw fault('ER_TOO_BIG_FIELDLENGTH', definition.name, maxVarcharLength);
  if (!isTextType(type)) return type;
  const charset = type.charset ?? type.collation?.split('_')[0] ?? draft.charset;
  const inherited = charset === draft.charset ? draft.collation : `${charset}_general_ci`;
  return { ...type, charset, collation: type.collation ?? (charset === 'binary' ? 'binary' : inherited) };
}

/** Characters of the longest VARCHAR of OceanBase. */
const maxVarcharLength = 262_144;

export function addConstraint(draft: Draft, constraint: TableConstraint, env: BuildEnv): void {
  switch (constraint.kind) {
    case 'primary':
      if (draft.primaryKey.length > 0) throw fault('ER_MULTIPLE_PRI_KEY');
      draft.primaryKey = keyParts(constraint.parts);
      return;
    case 'unique':
    case 'index':
      addKey(draft, constraint.name, constraint.kind === 'unique', keyParts(constraint.parts));
      return;
    case 'fulltext':
    case 'spatial':
      throw fault('OB_NOT_SUPPORTED', `${constraint.kind} index is`);
    case 'foreign':
      addForeignKey(draft, constraint, env);
      return;
    case 'check':
      addCheck(draft, constraint.name, constraint.expression, constraint.text, env);
  }
}

function addCheck(
  draft: Draft,
  name: string | null,
  expression: Expression,
  given: string | null,
  env: BuildEnv,
): void {
  const text = given ?? expressionText(env.sql, 'CHECK', expression);
  const taken = (candidate: string) => draft.checks.some((check) => check.name === candidate);
  let number = draft.checks.length + 1;
  while (name === null && taken(`${draft.name}_OBCHECK_${number}`)) number++;
  draft.checks.push({ name: name ?? `${draft.name}_OBCHECK_${number}`, text, sql: '' });
}

/** Translates the checks and generated columns of a draft whose columns are complete. */
function translateExpressions(draft: Draft, env: BuildEnv): Pick<TableSchema, 'columns' | 'checks'> {
  const columns = draft.columns.map((column) => {
    if (!column.generated) return column;
    const sql = generatedSql(parseExpression(column.generated.text), column.type, draft.columns, env.sqlMode);
    return { ...column, generated: { ...column.generated, sql } };
  });
  const checks = draft.checks.map((check) => ({
    ...check,
    sql: checkSql(parseExpression(check.text), draft.columns, env.sqlMode),
  }));
  return { columns, checks };
}

export function addKey(draft: Draft, name: string | null, unique: boolean, parts: KeyPart[]): void {
  const taken = (candidate: string) => draft.keys.some((key) => key.name.toLowerCase() === candidate.toLowerCase());
  if (name?.toUpperCase() === 'PRIMARY') throw faultText('OB_ERR_PARSE_SQL', `Incorrect index name '${name}'`);
  if (name !== null && taken(name)) throw fault('ER_DUP_KEYNAME', name);
  const stem = parts[0]!.column;
  let free = name ?? stem;
  for (let i = 2; name === null && taken(free); i++) free = `${stem}_${i}`;
  draft.keys.push({ name: free, unique, parts });
}

function addForeignKey(draft: Draft, constraint: Extract<TableConstraint, { kind: 'foreign' }>, env: BuildEnv): void {
  const { target } = constraint;
  let number = draft.foreignKeys.length + 1;
  const taken = (candidate: string) => draft.foreignKeys.some((key) => key.name === candidate);
  while (constraint.name === null && taken(`${draft.name}_OBFK_${number}`)) number++;
  const name = constraint.name ?? `${draft.name}_OBFK_${number}`;
  if (taken(name)) throw fault('ER_DUP_KEYNAME', name);
  if (target.columns.length !== constraint.columns.length)
    throw faultText(
      'ER_WRONG_ARGUMENTS',
      `Incorrect foreign key definition for '${name}': Key reference and table reference don't match`,
    );
  draft.foreignKeys.push({
    name,
    columns: constraint.columns,
    schema: (target.table.schema ?? env.schema).toLowerCase(),
    table: target.table.name.toLowerCase(),
    targetColumns: target.columns,
    onDelete: target.onDelete,
    onUpdate: target.onUpdate,
  });
}

export function keyParts(parts: readonly IndexPart[]): KeyPart[] {
  return parts.map(({ column, length, descending }) => ({ column, length, descending }));
}

/** Options that only show in SHOW CREATE TABLE or mean nothing here are kept; those that would mean something are carried out. */
export function applyOptions(draft: Draft, options: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(options)) {
    if (name === 'comment') draft.comment = value;
    else if (name === 'auto_increment') draft.autoIncrement = value.length < 16 ? Number(value) : value;
    else if (name === 'charset') {
      draft.charset = value.toLowerCase();
      if (!options['collate']) draft.collation = `${draft.charset}_general_ci`;
    } else if (name === 'collate') {
      draft.collation = value.toLowerCase();
      draft.charset = draft.collation.split('_')[0]!;
    } else draft.options[name] = value;
  }
}

/** Checks the whole and makes it a table of the dictionary. */
export function finishTable(
  draft: Draft,
  identity: { readonly id: number; readonly createdUs: number },
  env: BuildEnv,
): TableSchema {
  if (draft.columns.length === 0) throw fault('ER_TABLE_MUST_HAVE_COLUMNS');
  if (draft.name.length > 64) throw fault('OB_ERR_TOO_LONG_IDENT', draft.name);
  const columns = draft.columns.map((column) => {
    const key = draft.primaryKey.some((part) => part.column.toLowerCase() === column.name.toLowerCase());
    return key && column.nullable ? { ...column, nullable: false } : column;
  });
  const checked = { ...draft, columns };
  for (const parts of [draft.primaryKey, ...draft.keys.map((key) => key.parts)]) checkParts(checked, parts);
  for (const key of draft.foreignKeys)
    for (const column of key.columns)
      if (!findColumn(checked, column)) throw fault('ER_KEY_COLUMN_DOES_NOT_EXIST', column);
  checkAutoIncrement(checked);
  const { id, createdUs } = identity;
  // SQLite counts its row ids up to 2^63 - 1 only.
  const wide = BigInt(checked.autoIncrement) > maxRowId ? { wideKey: true } : {};
  return { ...checked, ...translateExpressions(checked, env), ...wide, id, createdUs };
}

const maxRowId = (1n << 63n) - 1n;

function checkParts(draft: Draft, parts: readonly KeyPart[]): void {
  const seen = new Set<string>();
  for (const part of parts) {
    const column = findColumn(draft, part.column);
    if (!column) throw fault('ER_KEY_COLUMN_DOES_NOT_EXIST', part.column);
    if (seen.has(column.name.toLowerCase())) throw fault('ER_DUP_FIELDNAME', part.column);
    seen.add(column.name.toLowerCase());
    if (/(text|blob)$/.test(column.type.name) && part.length === null)
      throw fault('ER_BLOB_KEY_WITHOUT_LENGTH', part.column);
    if (column.type.name === 'json') throw fault('OB_NOT_SUPPORTED', 'index on a JSON column is');
  }
}

function checkAutoIncrement(draft: Draft): void {
  const columns = draft.columns.filter((column) => column.autoIncrement);
  if (columns.length === 0) return;
  const name = columns[0]!.name.toLowerCase();
  const keyed = [draft.primaryKey, ...draft.keys.map((key) => key.parts)].some(
    ([first]) => first?.column.toLowerCase() === name,
  );
  if (columns.length > 1 || !keyed) throw fault('ER_WRONG_AUTO_KEY');
}
