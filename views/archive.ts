import { bigint, bigint21, datetime, decimal, unsigned, varchar } from './types.ts';
import { column, type ViewFamily, view } from './view-family.ts';

const archiveDestColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('DEST_NO', bigint),
  column('NAME', varchar(1024)),
  column('VALUE', varchar(4096)),
];

const archivelogColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('DEST_ID', bigint),
  column('ROUND_ID', bigint),
  column('INCARNATION', bigint, { expr: '1' }),
  column('DEST_NO', bigint),
  column('STATUS', varchar(64)),
  column('START_SCN', unsigned),
  column('START_SCN_DISPLAY', datetime, { expr: '$scn(start_scn)' }),
  column('CHECKPOINT_SCN', unsigned),
  column('CHECKPOINT_SCN_DISPLAY', datetime, { expr: '$scn(checkpoint_scn)' }),
  column('COMPATIBLE', bigint, { expr: '1' }),
  column('BASE_PIECE_ID', bigint),
  column('USED_PIECE_ID', bigint),
  column('PIECE_SWITCH_INTERVAL', bigint, { expr: 'piece_switch_interval_us' }),
  column('UNIT_SIZE', bigint, { expr: '1' }),
  column('COMPRESSION', varchar(128)),
  column('INPUT_BYTES', bigint21, { expr: '(frozen_input_bytes + active_input_bytes)', oracle: 'NUMBER' }),
  column('INPUT_BYTES_DISPLAY', varchar(28), {
    expr: '$bytes((frozen_input_bytes + active_input_bytes))',
    oracle: 'VARCHAR2(42)',
  }),
  column('OUTPUT_BYTES', bigint21, { expr: '(frozen_output_bytes + active_output_bytes)', oracle: 'NUMBER' }),
  column('OUTPUT_BYTES_DISPLAY', varchar(28), {
    expr: '$bytes((frozen_output_bytes + active_output_bytes))',
    oracle: 'VARCHAR2(42)',
  }),
  column('COMPRESSION_RATIO', decimal(24, 2), {
    expr: '$ratio((frozen_output_bytes + active_output_bytes), (frozen_input_bytes + active_input_bytes))',
  }),
  column('DELETED_INPUT_BYTES', bigint),
  column('DELETED_INPUT_BYTES_DISPLAY', varchar(27), { expr: '$bytes(deleted_input_bytes)', oracle: 'VARCHAR2(42)' }),
  column('DELETED_OUTPUT_BYTES', bigint),
  column('DELETED_OUTPUT_BYTES_DISPLAY', varchar(27), { expr: '$bytes(deleted_output_bytes)', oracle: 'VARCHAR2(42)' }),
  column('COMMENT', varchar(262144)),
  column('PATH', varchar(2048)),
];

const archivelogSummaryColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('DEST_ID', bigint),
  column('ROUND_ID', bigint),
  column('INCARNATION', bigint, { expr: '1' }),
  column('DEST_NO', bigint),
  column('STATUS', varchar(64)),
  column('START_SCN', unsigned),
  column('START_SCN_DISPLAY', datetime, { expr: '$scn(start_scn)' }),
  column('CHECKPOINT_SCN', unsigned),
  column('CHECKPOINT_SCN_DISPLAY', datetime, { expr: '$scn(checkpoint_scn)' }),
  column('COMPATIBLE', bigint, { expr: '1' }),
  column('BASE_PIECE_ID', bigint),
  column('USED_PIECE_ID', bigint),
  column('PIECE_SWITCH_INTERVAL', bigint, { expr: 'piece_switch_interval_us' }),
  column('UNIT_SIZE', bigint, { expr: '1' }),
  column('COMPRESSION', varchar(128)),
  column('INPUT_BYTES', bigint, { expr: '(frozen_input_bytes + active_input_bytes)', oracle: 'NUMBER' }),
  column('INPUT_BYTES_DISPLAY', varchar(27), {
    expr: '$bytes((frozen_input_bytes + active_input_bytes))',
    oracle: 'VARCHAR2(42)',
  }),
  column('OUTPUT_BYTES', bigint, { expr: '(frozen_output_bytes + active_output_bytes)', oracle: 'NUMBER' }),
  column('OUTPUT_BYTES_DISPLAY', varchar(27), {
    expr: '$bytes((frozen_output_bytes + active_output_bytes))',
    oracle: 'VARCHAR2(42)',
  }),
  column('COMPRESSION_RATIO', decimal(23, 2), {
    expr: '$ratio((frozen_output_bytes + active_output_bytes), (frozen_input_bytes + active_input_bytes))',
  }),
  column('DELETED_INPUT_BYTES', bigint),
  column('DELETED_INPUT_BYTES_DISPLAY', varchar(27), { expr: '$bytes(deleted_input_bytes)', oracle: 'VARCHAR2(42)' }),
  column('DELETED_OUTPUT_BYTES', bigint),
  column('DELETED_OUTPUT_BYTES_DISPLAY', varchar(27), { expr: '$bytes(deleted_output_bytes)', oracle: 'VARCHAR2(42)' }),
  column('PATH', varchar(2048)),
  column('COMMENT', varchar(262144)),
];

const archivelogPieceFilesColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('DEST_ID', bigint),
  column('ROUND_ID', bigint),
  column('PIECE_ID', bigint),
  column('INCARNATION', bigint, { expr: '1' }),
  column('DEST_NO', bigint),
  column('STATUS', varchar(64)),
  column('START_SCN', unsigned),
  column('START_SCN_DISPLAY', datetime, { expr: '$scn(start_scn)' }),
  column('CHECKPOINT_SCN', unsigned),
  column('CHECKPOINT_SCN_DISPLAY', datetime, { expr: '$scn(checkpoint_scn)' }),
  // The row knows its newest commit; that nothing newer was committed up to the checkpoint is what the checkpoint says.
  column('MAX_SCN', unsigned, { expr: 'max(max_scn, checkpoint_scn)' }),
  column('END_SCN', unsigned),
  column('END_SCN_DISPLAY', datetime, { expr: '$scn(end_scn)' }),
  column('COMPATIBLE', bigint, { expr: '1' }),
  column('UNIT_SIZE', bigint, { expr: '1' }),
  column('COMPRESSION', varchar(128)),
  column('INPUT_BYTES', bigint),
  column('INPUT_BYTES_DISPLAY', varchar(27), { expr: '$bytes(input_bytes)', oracle: 'VARCHAR2(42)' }),
  column('OUTPUT_BYTES', bigint),
  column('OUTPUT_BYTES_DISPLAY', varchar(27), { expr: '$bytes(output_bytes)', oracle: 'VARCHAR2(42)' }),
  column('COMPRESSION_RATIO', decimal(23, 2), { expr: '$ratio(output_bytes, input_bytes)' }),
  column('FILE_STATUS', varchar(64)),
  column('PATH', varchar(2048)),
];

const lsLogArchiveProgressColumns = [
  column('TENANT_ID', bigint, { cdbOnly: true }),
  column('DEST_ID', bigint),
  column('LS_ID', bigint),
  column('ROUND_ID', bigint),
  column('PIECE_ID', bigint),
  column('INCARNATION', bigint, { expr: '1' }),
  column('START_SCN', unsigned),
  column('MIN_LSN', unsigned),
  column('MAX_LSN', unsigned),
  column('CHECKPOINT_SCN', unsigned),
  column('STATUS', varchar(64)),
  column('FILE_ID', bigint),
  column('FILE_OFFSET', bigint),
  column('INPUT_BYTES', bigint),
  column('OUTPUT_BYTES', bigint),
];

const archiveDestStatusColumns = [
  column('TENANT_ID', bigint, { expr: 'r.tenant_id' }),
  column('DEST_ID', bigint),
  column('PATH', varchar(4096), { expr: 'r.path' }),
  column('STATUS', varchar(64), { expr: 'r.status' }),
  column('CHECKPOINT_SCN', unsigned),
  column('SYNCHRONIZED', varchar(32), {
    expr: "$yesno(r.status = 'DOING' AND r.checkpoint_scn >= ifnull(t.sync_scn, 0) AND $now() - r.checkpoint_scn <= 120000000000)",
  }),
  column('COMMENT', varchar(262144), { expr: 'r.comment' }),
];

export const archiveViews: readonly ViewFamily[] = [
  view({
    names: { cdb: 'CDB_OB_ARCHIVE_DEST', dba: 'DBA_OB_ARCHIVE_DEST' },
    rows: 'tenant',
    about: 'Attributes of the archive destinations, one row each.',
    from: 'archive_dest',
    columns: archiveDestColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_ARCHIVELOG', dba: 'DBA_OB_ARCHIVELOG' },
    rows: 'tenant',
    about: 'The present archive round of each destination.',
    from: 'archive_round',
    columns: archivelogColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_ARCHIVELOG_SUMMARY', dba: 'DBA_OB_ARCHIVELOG_SUMMARY' },
    rows: 'tenant',
    about: 'Archive rounds, present and stopped.',
    from: "(SELECT * FROM archive_round WHERE status <> 'STOP' UNION ALL SELECT * FROM archive_round_history)",
    columns: archivelogSummaryColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_ARCHIVELOG_PIECE_FILES', dba: 'DBA_OB_ARCHIVELOG_PIECE_FILES' },
    rows: 'tenant',
    about: 'Archive pieces; the row stays when the files are gone.',
    from: 'archive_piece',
    columns: archivelogPieceFilesColumns,
  }),
  view({
    names: { cdb: 'CDB_OB_LS_LOG_ARCHIVE_PROGRESS', dba: 'DBA_OB_LS_LOG_ARCHIVE_PROGRESS' },
    rows: 'tenant',
    about: 'How far each log stream is archived in each piece.',
    from: 'ls_archive_progress',
    columns: lsLogArchiveProgressColumns,
  }),
  view({
    names: { v: 'V$OB_ARCHIVE_DEST_STATUS' },
    rows: 'visible',
    about: 'Whether archiving has caught up with the log.',
    from: 'archive_round r CROSS JOIN tenant t ON t.tenant_id = r.tenant_id',
    tenant: 'r.tenant_id',
    columns: archiveDestStatusColumns,
  }),
];
