import { numberColumn, textColumn } from './memory-table.ts';
import { type SessionTable, sessionTable } from './session-table.ts';

const texts = (...labels: readonly string[]) => labels.map((label) => textColumn(label));

/** Logs nobody keeps here; dumps of all databases ask for them by name. */
export const logTables: readonly SessionTable[] = [
  sessionTable(
    ['mysql', 'general_log'],
    [
      ...texts('event_time', 'user_host'),
      ...['thread_id', 'server_id'].map(numberColumn),
      ...texts('command_type', 'argument'),
    ],
    async () => [],
  ),
  sessionTable(
    ['mysql', 'slow_log'],
    [
      ...texts('start_time', 'user_host', 'query_time', 'lock_time'),
      ...['rows_sent', 'rows_examined'].map(numberColumn),
      textColumn('db'),
      ...['last_insert_id', 'insert_id', 'server_id'].map(numberColumn),
      textColumn('sql_text', 65_535),
      numberColumn('thread_id'),
    ],
    async () => [],
  ),
];
