import { bigint, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const mediaColumns = [
  column('SVR_IP', varchar(46)),
  column('SVR_PORT', bigint),
  column('PATH', varchar(4096)),
  column('HOST', varchar(1024)),
  column('OPERATION', varchar(64)),
  column('CALLS', bigint),
  column('RUNNING', bigint),
  column('FAILURES', bigint),
  column('FAILURE_KINDS', varchar(4096)),
  column('RETRIES', bigint),
  column('BYTES_IN', bigint),
  column('BYTES_OUT', bigint),
  column('TOTAL_TIME_US', bigint, { expr: 'total_us' }),
  column('MAX_TIME_US', bigint, { expr: 'max_us' }),
  column('CALLS_10MS', bigint, { expr: 'in_10ms' }),
  column('CALLS_100MS', bigint, { expr: 'in_100ms' }),
  column('CALLS_1S', bigint, { expr: 'in_1s' }),
  column('CALLS_10S', bigint, { expr: 'in_10s' }),
  column('CALLS_SLOWER', bigint, { expr: 'slower' }),
];

/** Views of ours over what is asked of backup destinations. */
export const mediaViews: readonly ViewFamily[] = [
  view({
    names: { gv: 'GV$OB_BACKUP_MEDIA', v: 'V$OB_BACKUP_MEDIA' },
    rows: 'cluster',
    about:
      'What was asked of each destination since the server started, by operation: attempts that ended (CALLS) and those under way, failures with their kinds, attempts beyond the first of a call (RETRIES), bytes, and time; CALLS_10MS to CALLS_SLOWER count the attempts by how long they took. What copy threads write and read of files themselves is counted when the file is published or closed. Ours.',
    from: '(SELECT c.*, s.svr_ip, s.svr_port FROM media_calls c CROSS JOIN server s)',
    columns: mediaColumns,
  }),
];
