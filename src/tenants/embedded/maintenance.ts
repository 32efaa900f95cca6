import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { isFault } from '../../base/errors.ts';
import type { TableMaintenance } from '../../sql/ast/session.ts';
import type { Cell } from '../../value/column-type.ts';
import { answerColumn, answerRows, number } from './answer.ts';
import type { Connection } from './connection.ts';
import { enterChange } from './connection-setup.ts';
import { requireTable, resolveName } from './ddl/change.ts';
import { functionContext } from './function-context.ts';
import { leaveWhenLarge } from './large-table.ts';
import { requireTablePrivilege } from './privileges.ts';
import type { Execution, StatementResult } from './statement.ts';
import { quoteName, sqliteName, type TableSchema } from './table-schema.ts';

/** ANALYZE, OPTIMIZE, CHECK, REPAIR and CHECKSUM TABLE: one row a table, failures as rows too. */
export async function maintain(execution: Execution, statement: TableMaintenance): Promise<StatementResult> {
  const rows: Cell[][] = [];
  for (const name of statement.tables) {
    const { schema, name: bare } = resolveName(execution, name);
    requireTablePrivilege(execution.context, 'SELECT', schema, bare);
    if (statement.verb === 'analyze') execution.transaction.commitFirst(execution.check);
    if (walking.has(statement.verb)) leaveWhenLarge(execution, name, statement.verb === 'analyze' ? 'write' : 'read');
    const shown = `${schema}.${bare}`;
    const table = found(execution, name);
    if (statement.verb === 'checksum') rows.push([shown, table ? await checksum(execution, table) : null]);
    else if (!table) {
      rows.push([shown, statement.verb, 'Error', `Table '${shown}' doesn't exist`]);
      rows.push([shown, statement.verb, 'status', 'Operation failed']);
    } else rows.push(await run(execution, statement.verb, table, shown));
  }
  const heads =
    statement.verb === 'checksum'
      ? [answerColumn('Table'), answerColumn('Checksum', number)]
      : ['Table', 'Op', 'Msg_type', 'Msg_text'].map((head) => answerColumn(head));
  return answerRows(execution, heads, rows);
}

const walking: ReadonlySet<TableMaintenance['verb']> = new Set(['analyze', 'check', 'checksum']);

function found(execution: Execution, name: Parameters<typeof requireTable>[1]): TableSchema | null {
  try {
    return requireTable(execution, name);
  } catch (error) {
    if (isFault(error, 'OB_TABLE_NOT_EXIST') || isFault(error, 'OB_ERR_BAD_DATABASE')) return null;
    throw error;
  }
}

async function run(
  execution: Execution,
  verb: Exclude<TableMaintenance['verb'], 'checksum'>,
  table: TableSchema,
  shown: string,
): Promise<Cell[]> {
  const name = sqliteName(table.schema, table.name);
  if (verb === 'optimize') return [shown, verb, 'note', 'Tables here are not fragmented; nothing was done'];
  if (verb === 'repair')
    return [shown, verb, 'note', 'Tables here are restored from backups, not repaired; nothing was done'];
  if (verb === 'check') {
    const verdict = await reading(execution, (reader) => reader.pragma(`quick_check(${name})`, { simple: true }));
    return verdict === 'ok' ? [shown, verb, 'status', 'OK'] : [shown, verb, 'error', String(verdict)];
  }
  await analyze(execution, name);
  return [shown, verb, 'status', 'OK'];
}

async function analyze(execution: Execution, name: string): Promise<void> {
  const { transaction, context } = execution;
  const writer = await transaction.startChange(context, execution.check);
  try {
    enterChange(writer, functionContext(execution), execution.check);
    writer.exec(`ANALYZE ${name}`);
    transaction.commit(execution.check);
  } catch (error) {
    transaction.rollback();
    throw error;
  }
}

const rowsPerTurn = 5000;

/** Sum of the rows' CRC-32: the same for the same rows in whatever order they lie. */
function checksum(execution: Execution, table: TableSchema): Promise<bigint> {
  const columns = table.columns.map((column) => quoteName(column.name)).join(', ');
  const sql = `SELECT ${columns} FROM ${sqliteName(table.schema, table.name)}`;
  return reading(execution, async (reader) => {
    let sum = 0;
    let count = 0;
    const rows = reader.prepare(sql).raw().safeIntegers().iterate() as IterableIterator<readonly Cell[]>;
    for (const row of rows) {
      sum = (sum + crc32(rowText(row))) >>> 0;
      if (++count % rowsPerTurn > 0) continue;
      await nextTurn();
      execution.check();
    }
    return BigInt(sum);
  });
}

function rowText(row: readonly Cell[]): string {
  return row
    .map((cell) => {
      if (cell === null) return 'n';
      if (cell instanceof Uint8Array) return `b${Buffer.from(cell).toString('hex')}`;
      return `${typeof cell === 'string' ? 's' : 'i'}${cell}`;
    })
    .join('\u0000');
}

async function reading<T>(execution: Execution, work: (reader: Connection) => T | Promise<T>): Promise<T> {
  const lent = await execution.transaction.reader(execution.context, execution.check);
  try {
    enterChange(lent.connection, functionContext(execution), execution.check);
    return await work(lent.connection);
  } finally {
    lent.release();
  }
}
