import { faultText } from '../../base/errors.ts';
import { rescale } from '../../value/decimal.ts';
import type { FunctionContext } from './context.ts';
import { define, type FunctionDefinition, num, returns, type SqlValue } from './definition.ts';
import { exact } from './internal-number-functions.ts';

const fact = (
  name: string,
  result: FunctionDefinition['result'],
  run: (context: FunctionContext) => SqlValue,
): FunctionDefinition => ({
  name,
  least: 0,
  most: 0,
  kinds: [],
  result,
  run: (_, context) => run(context),
  integer: true,
});

const account = (context: FunctionContext): string => `${context.user}@${context.host}`;

/** Where nobody can wait for it, SLEEP holds up everybody who shares the thread: only moments are allowed. */
const longestSleepSeconds = 1;

function sleep(seconds: number, context: FunctionContext): number {
  if (!(seconds >= 0)) throw faultText('ER_WRONG_ARGUMENTS', 'Incorrect arguments to sleep');
  if (context.sleep && seconds > 0) return context.sleep(seconds);
  if (seconds > longestSleepSeconds)
    throw faultText('OB_NOT_SUPPORTED', `sleep of more than ${longestSleepSeconds} second not supported`);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, seconds * 1000);
  return 0;
}

function lastInsertId(args: readonly SqlValue[], context: FunctionContext): SqlValue {
  if (args.length === 0) return context.lastInsertId;
  const [value] = args;
  if (value === null || value === undefined) return null;
  const given = rescale(exact(value), 0).unscaled;
  context.setLastInsertId?.(given);
  return given;
}

export const sessionFunctions: readonly FunctionDefinition[] = [
  fact('version', returns.text(60), (context) => context.version),
  fact('ob_version', returns.text(60), (context) => context.obVersion),
  fact('database', returns.text(64), (context) => context.database),
  fact('schema', returns.text(64), (context) => context.database),
  fact('user', returns.text(96), account),
  fact('session_user', returns.text(96), account),
  fact('system_user', returns.text(96), account),
  fact('current_user', returns.text(96), (context) => `${context.user}@%`),
  fact('connection_id', returns.unsigned, (context) => BigInt(context.connectionId)),
  fact('found_rows', returns.bigint, (context) => context.foundRows),
  fact('row_count', returns.bigint, (context) => context.rowCount),
  fact('host_ip', returns.text(46), (context) => context.hostIp),
  fact('rpc_port', returns.bigint, (context) => context.rpcPort),
  fact('mysql_port', returns.bigint, () => null),
  fact('effective_tenant_id', returns.bigint, (context) => context.tenantId),
  fact('effective_tenant', returns.text(64), (context) => context.tenantName),
  {
    name: 'last_insert_id',
    least: 0,
    most: 1,
    kinds: ['exact'],
    result: returns.unsigned,
    runNulls: lastInsertId,
    volatile: true,
    integer: true,
  },
  {
    name: 'sleep',
    least: 1,
    most: 1,
    kinds: ['number'],
    result: returns.bigint,
    run: ([seconds], context) => sleep(num(seconds), context),
    volatile: true,
    integer: true,
  },
  {
    name: 'benchmark',
    least: 2,
    most: 2,
    kinds: ['raw'],
    result: returns.bigint,
    volatile: true,
    run: () => {
      throw faultText('OB_NOT_SUPPORTED', 'benchmark not supported');
    },
  },
  define('get_lock', [2, 2], ['characters', 'number'], returns.bigint, () => {
    throw faultText('OB_NOT_SUPPORTED', 'get_lock not supported');
  }),
  define('release_lock', [1, 1], ['characters'], returns.bigint, () => {
    throw faultText('OB_NOT_SUPPORTED', 'release_lock not supported');
  }),
  define(
    'charset',
    [1, 1],
    ['raw'],
    returns.text(64),
    ([value]) => (value instanceof Uint8Array ? 'binary' : 'utf8mb4'),
    {
      runNulls: ([value]) => (value instanceof Uint8Array || value === null ? 'binary' : 'utf8mb4'),
    },
  ),
  define('collation', [1, 1], ['raw'], returns.text(64), () => 'utf8mb4_general_ci', {
    runNulls: ([value]) => (value instanceof Uint8Array || value === null ? 'binary' : 'utf8mb4_general_ci'),
  }),
  define(
    'name_const',
    [2, 2],
    ['characters', 'raw'],
    (args) => args[1]!.type,
    ([, value]) => value!,
  ),
  define('format_bytes', [1, 1], ['number'], returns.text(32), ([value]) => formatBytes(num(value))),
];

const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB', 'EiB'];

function formatBytes(value: number): string {
  let size = value;
  let unit = 'bytes';
  for (const next of units) {
    if (Math.abs(size) < 1024) break;
    size /= 1024;
    unit = next;
  }
  return unit === 'bytes' ? `${String(value).padStart(4)} bytes` : `${size.toFixed(2)} ${unit}`;
}
