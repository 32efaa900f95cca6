import type Database from 'better-sqlite3';
import type { CallCounts, CallMeter } from '../base/call-meter.ts';

const columns = [
  'path',
  'host',
  'operation',
  'calls',
  'running',
  'failures',
  'failure_kinds',
  'retries',
  'bytes_in',
  'bytes_out',
  'total_us',
  'max_us',
  'in_10ms',
  'in_100ms',
  'in_1s',
  'in_10s',
  'slower',
];

/** Makes `media_calls` known to a connection: what was asked of each destination since the server started. */
export function registerMediaCalls(database: Database.Database, meter: CallMeter): void {
  database.table('media_calls', {
    columns,
    *rows() {
      for (const counts of meter.counts()) yield rowOf(counts);
    },
  });
}

function rowOf(counts: CallCounts): (string | bigint)[] {
  const kinds = [...counts.failures].sort(([, a], [, b]) => b - a);
  const failures = kinds.reduce((sum, [, count]) => sum + count, 0);
  const { calls, running, retries, bytesIn, bytesOut, totalUs, maxUs, byLatency } = counts;
  return [
    counts.path,
    counts.host,
    counts.operation,
    BigInt(calls),
    BigInt(running),
    BigInt(failures),
    kinds.map(([kind, count]) => `${kind} ${count}`).join(', '),
    ...[retries, bytesIn, bytesOut, totalUs, maxUs, ...byLatency].map(BigInt),
  ];
}
