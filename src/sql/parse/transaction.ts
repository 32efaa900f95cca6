import type { LockTables, TransactionStatement } from '../ast/session.ts';
import type { TenantStatement } from '../ast/statement.ts';
import { type Cursor, Refusal } from './cursor.ts';
import { isName, name, objectName } from './names.ts';

export function begin(c: Cursor): TransactionStatement {
  c.expect('BEGIN');
  c.accept('WORK');
  return { kind: 'begin', readOnly: false, snapshot: false };
}

/** START TRANSACTION with its characteristics; START SLAVE and the like are refused. */
export function start(c: Cursor): TransactionStatement {
  c.expect('START');
  for (const word of ['SLAVE', 'REPLICA', 'GROUP_REPLICATION'])
    if (c.is(word)) throw new Refusal(`start ${word.toLowerCase()} is`);
  c.expect('TRANSACTION');
  let readOnly = false;
  let snapshot = false;
  if (c.atEnd() || c.isSign(';')) return { kind: 'begin', readOnly, snapshot };
  do {
    if (c.acceptAll('WITH', 'CONSISTENT', 'SNAPSHOT')) snapshot = true;
    else if (c.acceptAll('READ', 'ONLY')) readOnly = true;
    else c.expect('READ', 'WRITE');
  } while (c.acceptSign(','));
  return { kind: 'begin', readOnly, snapshot };
}

export function commit(c: Cursor): TransactionStatement {
  c.expect('COMMIT');
  c.accept('WORK');
  completion(c, 'commit');
  return { kind: 'commit' };
}

/** ROLLBACK and ROLLBACK TO SAVEPOINT. */
export function rollback(c: Cursor): TransactionStatement {
  c.expect('ROLLBACK');
  c.accept('WORK');
  if (c.accept('TO')) {
    if (c.is('SAVEPOINT') && isName(c, 1)) c.next();
    return { kind: 'rollbackTo', name: name(c) };
  }
  completion(c, 'rollback');
  return { kind: 'rollback' };
}

/** AND NO CHAIN and NO RELEASE are what happens anyway. */
function completion(c: Cursor, verb: string): void {
  if (c.accept('AND')) {
    if (!c.accept('NO')) throw new Refusal(`${verb} and chain is`);
    c.expect('CHAIN');
  }
  if (c.is('RELEASE')) throw new Refusal(`${verb} release is`);
  if (c.accept('NO')) c.expect('RELEASE');
}

export function savepoint(c: Cursor): TransactionStatement {
  c.expect('SAVEPOINT');
  return { kind: 'savepoint', name: name(c) };
}

export function release(c: Cursor): TransactionStatement {
  c.expect('RELEASE', 'SAVEPOINT');
  return { kind: 'release', name: name(c) };
}

/** LOCK TABLES t READ, u WRITE. */
export function lockTables(c: Cursor): TenantStatement {
  c.expect('LOCK');
  if (c.is('INSTANCE')) throw new Refusal('lock instance is');
  if (c.acceptAny('TABLES', 'TABLE') === null) c.fail();
  const tables: LockTables['tables'][number][] = [];
  do {
    const table = objectName(c);
    if (c.accept('AS') || (isName(c) && !c.is('LOW_PRIORITY'))) name(c);
    tables.push({ table, write: lockMode(c) });
  } while (c.acceptSign(','));
  return { kind: 'lockTables', unlock: false, tables };
}

function lockMode(c: Cursor): boolean {
  if (c.accept('READ')) {
    c.accept('LOCAL');
    return false;
  }
  c.accept('LOW_PRIORITY');
  c.expect('WRITE');
  return true;
}

export function unlockTables(c: Cursor): TenantStatement {
  c.expect('UNLOCK');
  if (c.is('INSTANCE')) throw new Refusal('unlock instance is');
  if (c.acceptAny('TABLES', 'TABLE') === null) c.fail();
  return { kind: 'lockTables', unlock: true, tables: [] };
}
