import { numberColumn, textColumn } from './memory-table.ts';
import { type SessionTable, sessionTable } from './session-table.ts';
import { visibleProcesses } from './show/process-rows.ts';

const processColumns = [
  numberColumn('ID'),
  textColumn('USER', 32),
  textColumn('HOST', 128),
  textColumn('DB', 128),
  textColumn('COMMAND', 4096),
  numberColumn('TIME'),
  textColumn('STATE', 128),
  textColumn('INFO', 65_535),
];

/** The columns of release 4.2.1, in its order. What a server without a proxy and a tracer does not know is NULL, 0 or empty. */
const obColumns = [
  textColumn('SVR_IP', 46),
  numberColumn('SVR_PORT'),
  numberColumn('SQL_PORT'),
  ...processColumns.slice(0, 4),
  textColumn('TENANT', 128),
  ...processColumns.slice(4, 6),
  numberColumn('TOTAL_TIME'),
  ...processColumns.slice(6),
  ...['PROXY_SESSID', 'MASTER_SESSID'].map(numberColumn),
  textColumn('USER_CLIENT_IP', 46),
  textColumn('USER_HOST', 128),
  numberColumn('RETRY_CNT'),
  textColumn('RETRY_INFO', 65_535),
  textColumn('SQL_ID', 32),
  numberColumn('TRANS_ID'),
  numberColumn('THREAD_ID'),
  textColumn('SSL_CIPHER', 4096),
  textColumn('TRACE_ID', 64),
  ...['TRANS_STATE', 'ACTION', 'MODULE', 'CLIENT_INFO'].map((label) => textColumn(label, 2048)),
];

/** `GV$` and `V$` are one: there is one server. */
function obProcesslist(name: string): SessionTable {
  return sessionTable(['oceanbase', name], obColumns, async (session) => {
    const { hostIp, rpcPort, facts } = session.host;
    return visibleProcesses(session, true).map(({ process, row }) => {
      const client = process.peer.replace(/:\d+$/, '');
      return [
        ...[hostIp, rpcPort, facts.port, ...row.slice(0, 4), process.tenantName, ...row.slice(4, 6)],
        ...[row[5] ?? 0, ...row.slice(6), null, null, client, '%', 0, '', '', 0, 0, '', '', '', '', '', ''],
      ];
    });
  });
}

/** Sessions, as MySQL and as OceanBase show them. */
export const processTables: readonly SessionTable[] = [
  sessionTable(['information_schema', 'PROCESSLIST'], processColumns, async (session) =>
    visibleProcesses(session, true).map(({ row }) => row),
  ),
  obProcesslist('GV$OB_PROCESSLIST'),
  obProcesslist('V$OB_PROCESSLIST'),
];
