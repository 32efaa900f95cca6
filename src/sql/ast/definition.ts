import type { ColumnType } from '../../value/column-type.ts';
import type { Expression } from './expression.ts';
import type { ObjectName } from './name.ts';
import type { Query } from './query.ts';

export interface ColumnDefinition {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
  /** Literal, CURRENT_TIMESTAMP call or NULL; null when there is no DEFAULT. */
  readonly default: Expression | null;
  readonly onUpdateNow: boolean;
  readonly autoIncrement: boolean;
  readonly primaryKey: boolean;
  readonly unique: boolean;
  readonly comment: string | null;
  readonly generated: { readonly expression: Expression; readonly stored: boolean } | null;
  readonly check: Expression | null;
  readonly references: ForeignKeyTarget | null;
}

export interface IndexPart {
  readonly column: string;
  readonly length: number | null;
  readonly descending: boolean;
}

export interface ForeignKeyTarget {
  readonly table: ObjectName;
  readonly columns: readonly string[];
  readonly onDelete: ReferenceAction | null;
  readonly onUpdate: ReferenceAction | null;
}

export type ReferenceAction = 'RESTRICT' | 'CASCADE' | 'SET NULL' | 'NO ACTION' | 'SET DEFAULT';

export type TableConstraint =
  | { readonly kind: 'primary'; readonly parts: readonly IndexPart[] }
  | { readonly kind: 'unique'; readonly name: string | null; readonly parts: readonly IndexPart[] }
  | { readonly kind: 'index'; readonly name: string | null; readonly parts: readonly IndexPart[] }
  | { readonly kind: 'fulltext' | 'spatial'; readonly name: string | null; readonly parts: readonly IndexPart[] }
  | {
      readonly kind: 'foreign';
      readonly name: string | null;
      readonly columns: readonly string[];
      readonly target: ForeignKeyTarget;
    }
  | { readonly kind: 'check'; readonly name: string | null; readonly expression: Expression; readonly text: string };

/** Table options, lower-case names (`engine`, `charset`, `collate`, `auto_increment`, `comment`, `row_format`, …). */
export type TableOptions = Readonly<Record<string, string>>;

export interface CreateTable {
  readonly kind: 'createTable';
  readonly table: ObjectName;
  readonly temporary: boolean;
  readonly ifNotExists: boolean;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  readonly options: TableOptions;
  /** CREATE TABLE … LIKE other. */
  readonly like: ObjectName | null;
  /** CREATE TABLE … AS SELECT. */
  readonly query: Query | null;
  /** PARTITION BY text, when given. */
  readonly partitioning: string | null;
}

export type AlterAction =
  | { readonly kind: 'addColumn'; readonly column: ColumnDefinition; readonly position: ColumnPosition | null }
  | {
      readonly kind: 'changeColumn';
      readonly oldName: string;
      readonly column: ColumnDefinition;
      readonly position: ColumnPosition | null;
    }
  | { readonly kind: 'dropColumn'; readonly name: string }
  | { readonly kind: 'renameColumn'; readonly oldName: string; readonly newName: string }
  | { readonly kind: 'alterDefault'; readonly column: string; readonly default: Expression | null }
  | { readonly kind: 'addConstraint'; readonly constraint: TableConstraint }
  | { readonly kind: 'dropIndex'; readonly name: string }
  | { readonly kind: 'dropPrimary' }
  | { readonly kind: 'dropForeign'; readonly name: string }
  | { readonly kind: 'dropCheck'; readonly name: string }
  | { readonly kind: 'renameIndex'; readonly oldName: string; readonly newName: string }
  | { readonly kind: 'renameTable'; readonly table: ObjectName }
  | { readonly kind: 'options'; readonly options: TableOptions }
  | { readonly kind: 'convertCharset'; readonly charset: string; readonly collation: string | null }
  | { readonly kind: 'keys'; readonly enable: boolean };

export type ColumnPosition = { readonly first: true } | { readonly after: string };

export interface AlterTable {
  readonly kind: 'alterTable';
  readonly table: ObjectName;
  readonly actions: readonly AlterAction[];
}

export interface DropTable {
  readonly kind: 'dropTable';
  readonly tables: readonly ObjectName[];
  readonly ifExists: boolean;
  readonly temporary: boolean;
  readonly view: boolean;
}

export interface RenameTable {
  readonly kind: 'renameTable';
  readonly renames: readonly { readonly from: ObjectName; readonly to: ObjectName }[];
}

export interface CreateIndex {
  readonly kind: 'createIndex';
  readonly name: string;
  readonly table: ObjectName;
  readonly unique: boolean;
  readonly parts: readonly IndexPart[];
}

export interface DropIndex {
  readonly kind: 'dropIndex';
  readonly name: string;
  readonly table: ObjectName;
}

export interface CreateDatabase {
  readonly kind: 'createDatabase';
  readonly name: string;
  readonly ifNotExists: boolean;
  readonly charset: string | null;
  readonly collation: string | null;
}

export interface AlterDatabase {
  readonly kind: 'alterDatabase';
  readonly name: string | null;
  readonly charset: string | null;
  readonly collation: string | null;
}

export interface DropDatabase {
  readonly kind: 'dropDatabase';
  readonly name: string;
  readonly ifExists: boolean;
}
