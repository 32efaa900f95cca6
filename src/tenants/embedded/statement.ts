import { faultText } from '../../base/errors.ts';
import type { PreparedShape, StatementContext, StatementRequest } from '../tenant-engine.ts';
import type { ExecuteReply } from './engine-calls.ts';
import type { RowCursor } from './row-cursor.ts';
import type { Session } from './session.ts';
import type { Tenant } from './tenant.ts';
import type { Transaction } from './transaction.ts';

/** Everything one statement runs with. */
export interface Execution {
  readonly tenant: Tenant;
  readonly session: Session;
  readonly transaction: Transaction;
  readonly context: StatementContext;
  readonly request: StatementRequest;
  /** Throws when the statement was interrupted or is past its deadline. */
  check(): void;
}

export type StatementResult =
  | Extract<ExecuteReply, { readonly kind: 'ok' }>
  | { readonly kind: 'rows'; readonly cursor: RowCursor };

export async function runStatement(_execution: Execution): Promise<StatementResult> {
  throw faultText('OB_NOT_SUPPORTED', 'tenant SQL not supported');
}

export function prepareShape(_tenant: Tenant, _sql: string, _context: StatementContext): PreparedShape {
  throw faultText('OB_NOT_SUPPORTED', 'tenant SQL not supported');
}
