import type { SourceColumn } from '../../../sql/schema.ts';
import {
  formatTypeText,
  integerRange,
  isBinaryType,
  isIntegerType,
  isTextType,
  textLimitBytes,
} from '../../../value/column-storage.ts';
import type { Cell, ColumnType } from '../../../value/column-type.ts';
import type { SqlTenant } from '../sql-tenant.ts';
import { findColumn, type TableColumn, type TableSchema } from '../table-schema.ts';
import { informationSchema } from './information-schema.ts';

/** Rows of information_schema.COLUMNS: tables first, then what the server itself shows. */
export function* columnRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  for (const table of dictionary.allTables())
    for (const [i, column] of table.columns.entries()) {
      const texts = {
        shown: column.default?.shown ?? null,
        key: keyLetter(table, column),
        extra: extraText(column),
        comment: column.comment,
        generated: column.generated?.text ?? '',
      };
      yield columnRow(table.schema, table.name, column, i, texts);
    }
  for (const view of informationSchema) yield* systemRows('information_schema', view.name, view.columns);
  for (const view of dictionary.systemTables) yield* systemRows(view.schema, view.name, view.columns);
}

function* systemRows(schema: string, name: string, columns: readonly SourceColumn[]): Iterable<readonly Cell[]> {
  const texts = { shown: null, key: '', extra: '', comment: '', generated: '' };
  for (const [i, column] of columns.entries()) yield columnRow(schema, name, column, i, texts);
}

function columnRow(
  schema: string,
  name: string,
  column: { readonly name: string; readonly type: ColumnType; readonly nullable: boolean },
  position: number,
  texts: { shown: string | null; key: string; extra: string; comment: string; generated: string },
): readonly Cell[] {
  const { type } = column;
  const sizes = typeSizes(type);
  const charset = isTextType(type) ? (type.charset ?? 'utf8mb4') : null;
  return [
    'def',
    schema,
    name,
    column.name,
    position + 1,
    texts.shown,
    column.nullable ? 'YES' : 'NO',
    type.name,
    sizes.characters,
    sizes.bytes,
    sizes.precision,
    sizes.scale,
    sizes.fraction,
    charset,
    charset === null ? null : (type.collation ?? 'utf8mb4_general_ci'),
    formatTypeText(type),
    texts.key,
    texts.extra,
    'SELECT,INSERT,UPDATE,REFERENCES',
    texts.comment,
    texts.generated,
    null,
  ];
}

function typeSizes(type: ColumnType) {
  const none = { characters: null, bytes: null, precision: null, scale: null, fraction: null };
  const limit = textLimitBytes(type);
  if (limit !== undefined) return { ...none, characters: limit, bytes: limit };
  if (isTextType(type) || isBinaryType(type)) {
    const longest = Math.max(0, ...(type.values ?? []).map((value) => value.length));
    const characters = type.length ?? (type.values ? longest : 1);
    return { ...none, characters, bytes: isTextType(type) ? characters * 4 : characters };
  }
  if (isIntegerType(type)) return { ...none, precision: String(integerRange(type).high).length, scale: 0 };
  if (type.name === 'decimal') return { ...none, precision: type.precision ?? 10, scale: type.scale ?? 0 };
  if (type.name === 'double') return { ...none, precision: 22 };
  if (type.name === 'float') return { ...none, precision: 12 };
  if (type.name === 'bit') return { ...none, precision: type.length ?? 1 };
  if (type.name === 'datetime' || type.name === 'timestamp' || type.name === 'time')
    return { ...none, fraction: type.scale ?? 0 };
  return none;
}

/** PRI, UNI, MUL or nothing, as SHOW COLUMNS has it. */
export function keyLetter(table: TableSchema, column: TableColumn): string {
  const same = (part: { readonly column: string } | undefined) =>
    part?.column.toLowerCase() === column.name.toLowerCase();
  if (table.primaryKey.some(same)) return 'PRI';
  const leading = table.keys.filter((key) => same(key.parts[0]));
  if (leading.some((key) => key.unique && key.parts.length === 1)) return 'UNI';
  return leading.length > 0 ? 'MUL' : '';
}

export function extraText(column: TableColumn): string {
  if (column.autoIncrement) return 'auto_increment';
  if (column.generated) return column.generated.stored ? 'STORED GENERATED' : 'VIRTUAL GENERATED';
  return column.onUpdateNow ? `on update current_timestamp${column.type.scale ? `(${column.type.scale})` : '()'}` : '';
}

/** Rows of information_schema.STATISTICS. */
export function* statisticsRows({ dictionary }: SqlTenant): Iterable<readonly Cell[]> {
  for (const table of dictionary.allTables())
    for (const row of indexRows(table)) {
      const { name, unique, position, column, length, descending, nullable } = row;
      const head = ['def', table.schema, table.name, unique ? 0 : 1, table.schema, name, position] as const;
      yield [
        ...head,
        column,
        descending ? 'D' : 'A',
        null,
        length,
        null,
        nullable ? 'YES' : '',
        'BTREE',
        'available',
        '',
        'YES',
        null,
      ];
    }
}

/** One row a key part, the primary key first. */
export function* indexRows(table: TableSchema) {
  const primary = { name: 'PRIMARY', unique: true, parts: table.primaryKey };
  for (const key of [primary, ...table.keys])
    for (const [i, part] of key.parts.entries()) {
      const column = findColumn(table, part.column);
      const { length, descending } = part;
      const { name, unique } = key;
      yield {
        name,
        unique,
        position: i + 1,
        column: column?.name ?? part.column,
        length,
        descending,
        nullable: column?.nullable ?? false,
      };
    }
}
