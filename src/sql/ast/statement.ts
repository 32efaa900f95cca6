import type { Delete, Insert, Truncate, Update } from './change.ts';
import type {
  AlterDatabase,
  AlterTable,
  CreateDatabase,
  CreateIndex,
  CreateTable,
  DropDatabase,
  DropIndex,
  DropTable,
  RenameTable,
} from './definition.ts';
import type { Query } from './query.ts';
import type {
  Describe,
  DoStatement,
  Empty,
  Explain,
  FlushStatement,
  Kill,
  LockTables,
  SetStatement,
  Show,
  TableMaintenance,
  TextDeallocate,
  TextExecute,
  TextPrepare,
  TransactionStatement,
  Unsupported,
  Use,
} from './session.ts';

/**
 * The syntax tree of MySQL's everyday language: what `parse/` makes of a text and `translate/` turns into SQLite, a file for
 * each family of nodes. OceanBase's own statements have typed statements of their own (`grammar/`, `sql/statement.ts`).
 *
 * Every node is a frozen plain object with a `kind`. `start` and `end` are offsets into the statement text where labels
 * and error texts need them.
 */
export type TenantStatement =
  | { readonly kind: 'query'; readonly query: Query }
  | Insert
  | Update
  | Delete
  | Truncate
  | CreateTable
  | AlterTable
  | DropTable
  | RenameTable
  | CreateIndex
  | DropIndex
  | CreateDatabase
  | DropDatabase
  | AlterDatabase
  | Use
  | TransactionStatement
  | LockTables
  | Show
  | Describe
  | Explain
  | SetStatement
  | Kill
  | TextPrepare
  | TextExecute
  | TextDeallocate
  | Unsupported
  | Empty
  | TableMaintenance
  | DoStatement
  | FlushStatement;
