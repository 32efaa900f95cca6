import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import * as archive from '../../src/destination/archive-layout.ts';
import * as layout from '../../src/destination/layout.ts';
import { checkKey } from '../../src/media/key.ts';

const t = (text: string) => BigInt(new Date(text).getTime()) * 1_000_000n;
const from = t('2024-01-15T10:00:00');
const to = t('2024-01-15T11:22:33') + 999_999_999n;
const set = { backupSetId: 3, backupType: 'inc' } as const;
const piece = { destId: 1002, roundId: 1, pieceId: 7 };

describe('data destination', () => {
  test('names of a set', () => {
    const turn = { kind: 'minor_data', turnId: 1, retryId: 0 } as const;
    const infos = layout.setInfoKeys(set);
    const index = layout.dataTurnKeys(set, 'major', 2);
    const files = layout.lsTurnKeys(set, 1001, turn);
    expect([
      layout.setDirectory(set),
      layout.setStartKey(set),
      layout.setEndKey(set, to),
      layout.setInnerKey(set, from, to),
      infos.single,
      infos.tenant,
      infos.locality,
      infos.diagnose,
      infos.deletedTablets,
      infos.lsAttrInfo(1),
      infos.lsMetaInfos,
      index.tabletLogStreamInfo,
      index.macroRangeIndex('major', 0),
      index.metaIndex('sys', 1),
      index.secMetaIndex('minor', 2),
      files.macroBlockData(12),
      files.macroRangeIndex,
      files.metaIndex,
      files.secMetaIndex,
      files.tabletInfo(0),
      files.lsMetaInfo,
      layout.complementDirectory(set),
    ]).toEqual([
      'backup_set_3_inc',
      'backup_sets/backup_set_3_inc_start.obbak',
      'backup_sets/backup_set_3_inc_end_success_20240115T112233.obbak',
      'backup_set_3_inc/backup_set_3_inc_20240115T100000_20240115T112233.obbak',
      'backup_set_3_inc/single_backup_set_info.obbak',
      'backup_set_3_inc/tenant_backup_set_infos.obbak',
      'backup_set_3_inc/infos/locality_info.obbak',
      'backup_set_3_inc/infos/diagnose_info.obbak',
      'backup_set_3_inc/infos/deleted_tablet_info.obbak',
      'backup_set_3_inc/infos/meta_info/ls_attr_info.1.obbak',
      'backup_set_3_inc/infos/meta_info/ls_meta_infos.obbak',
      'backup_set_3_inc/infos/major_data_info_turn_2/tablet_log_stream_info.obbak',
      'backup_set_3_inc/infos/major_data_info_turn_2/tenant_major_data_macro_range_index.0.obbak',
      'backup_set_3_inc/infos/major_data_info_turn_2/tenant_sys_data_meta_index.1.obbak',
      'backup_set_3_inc/infos/major_data_info_turn_2/tenant_minor_data_sec_meta_index.2.obbak',
      'backup_set_3_inc/logstream_1001/minor_data_turn_1_retry_0/macro_block_data.12.obbak',
      'backup_set_3_inc/logstream_1001/minor_data_turn_1_retry_0/macro_range_index.obbak',
      'backup_set_3_inc/logstream_1001/minor_data_turn_1_retry_0/meta_index.obbak',
      'backup_set_3_inc/logstream_1001/minor_data_turn_1_retry_0/sec_meta_index.obbak',
      'backup_set_3_inc/logstream_1001/minor_data_turn_1_retry_0/tablet_info.0.obbak',
      'backup_set_3_inc/logstream_1001/minor_data_turn_1_retry_0/ls_meta_info.obbak',
      'backup_set_3_inc/complement_log',
    ]);
  });

  test('check files belong to one tenant', () => {
    const name = layout.checkFileName(1002, new Date('2024-01-15T10:00:00').getTime());
    expect(layout.checkFileKey(name)).toBe('check_file/1002_connect_file_20240115T100000.obbak');
    expect(layout.isCheckFileOf(name, 1002)).toBe(true);
    expect(layout.isCheckFileOf(name, 2)).toBe(false);
    expect(layout.isCheckFileOf(name, 10)).toBe(false);
  });

  test('what was built reads back', () => {
    const last = (key: string) => key.split('/').at(-1) ?? '';
    const anySet = fc.record({
      backupSetId: fc.integer({ min: 1, max: 1e9 }),
      backupType: fc.constantFrom('full' as const, 'inc' as const),
    });
    const anyScn = fc.bigInt({ min: 1n << 47n, max: 4102444800n * 1_000_000_000n });
    const small = fc.nat(99999);
    const kind = fc.constantFrom(
      'meta_info' as const,
      'sys_data' as const,
      'minor_data' as const,
      'major_data' as const,
    );
    fc.assert(
      fc.property(anySet, anyScn, kind, small, small, (name, scn, turnKind, turnId, retryId) => {
        expect(layout.parseSetDirectory(layout.setDirectory(name))).toEqual(name);
        expect(layout.parseSetPlaceholder(last(layout.setStartKey(name)))).toEqual({ ...name, kind: 'start' });
        expect(layout.parseSetPlaceholder(last(layout.setEndKey(name, scn)))).toEqual({ ...name, kind: 'end_success' });
        const turn = { kind: turnKind, turnId, retryId };
        expect(layout.parseLsTurn(layout.lsTurnName(turn))).toEqual(turn);
        expect(layout.parseLsDirectory(last(layout.setLsDirectory(name, turnId)))).toBe(turnId);
        const data = layout.lsTurnKeys(name, 1, turn).macroBlockData(retryId);
        expect(layout.parseMacroBlockData(last(data))).toBe(retryId);
        checkKey(data);
        checkKey(layout.setInnerKey(name, scn, scn));
      }),
    );
  });

  test.each(['backup_set_0_full', 'backup_set_1_log', 'backup_set_1_full_start', 'xbackup_set_1_full', 'backup_sets'])(
    '%s is no set',
    (name) => expect(layout.parseSetDirectory(name)).toBeNull(),
  );

  test('a failed end is told from a successful one, other names are none', () => {
    expect(layout.parseSetPlaceholder('backup_set_1_full_end_failed_20240115T100000.obbak')?.kind).toBe('end_failed');
    for (const name of [
      'backup_set_1_full_end_success.obbak',
      'backup_set_1_full_end_success_2024.obbak',
      'backup_set_1_full_start.obarc',
      'backup_set_1_full_end_success_20240115T100000.obbak.tmp.1',
    ])
      expect(layout.parseSetPlaceholder(name)).toBeNull();
  });

  test('key backups', () => {
    const key = layout.keyBackupKey(1002, new Date('2024-01-15T10:00:00').getTime());
    expect(key).toBe('backup_key/1002_master_key_20240115T100000.obbak');
    expect(layout.parseKeyBackup(key.slice('backup_key/'.length))).toEqual({ tenantId: 1002 });
    expect(layout.parseKeyBackup('x')).toBeNull();
  });
});

describe('archive destination', () => {
  test('names of rounds and pieces', () => {
    const keys = archive.pieceKeys(piece);
    const stream = archive.pieceLsKeys(piece, 1);
    expect([
      archive.roundStartKey(piece),
      archive.roundEndKey(piece),
      archive.pieceStartKey(piece, from),
      archive.pieceEndKey(piece, to),
      keys.inner(from, to),
      keys.single,
      keys.tenant,
      keys.fileInfo,
      keys.checkpoint,
      stream.fileInfo,
      stream.log(5),
      stream.schema(17n),
    ]).toEqual([
      'rounds/round_d1002r1_start.obarc',
      'rounds/round_d1002r1_end.obarc',
      'pieces/piece_d1002r1p7_start_20240115T100000.obarc',
      'pieces/piece_d1002r1p7_end_20240115T112233.obarc',
      'piece_d1002r1p7/piece_d1002r1p7_20240115T100000_20240115T112233.obarc',
      'piece_d1002r1p7/single_piece_info.obarc',
      'piece_d1002r1p7/tenant_archive_piece_infos.obarc',
      'piece_d1002r1p7/file_info.obarc',
      'piece_d1002r1p7/checkpoint/checkpoint_info.0.obarc',
      'piece_d1002r1p7/logstream_1/file_info.obarc',
      'piece_d1002r1p7/logstream_1/log/5.obarc',
      'piece_d1002r1p7/logstream_1/schema_meta/17.obarc',
    ]);
  });

  test('what was built reads back', () => {
    expect(archive.parsePieceDirectory(archive.pieceDirectory(piece))).toEqual(piece);
    expect(archive.parsePiecePlaceholder('piece_d1002r1p7_end_20240115T112233.obarc')).toEqual({
      ...piece,
      kind: 'end',
    });
    expect(archive.parsePiecePlaceholder('piece_d1002r1p7_start_20240115T112233.obarc')?.kind).toBe('start');
    expect(archive.parseRoundFile('round_d1002r1_end.obarc')).toEqual({ destId: 1002, roundId: 1, kind: 'end' });
    expect(archive.parseRoundFile('round_d1002r1_start.obarc')?.kind).toBe('start');
    expect(archive.parseRoundFile('round_d1002r1.obarc')).toBeNull();
    expect(archive.parsePieceDirectory('pieces')).toBeNull();
    expect(archive.parseLogFile('12.obarc')).toBe(12);
    expect(archive.parseLogFile('0.obarc')).toBeNull();
    expect(archive.parseSchemaFile('1700000000123456789.obarc')).toBe(1700000000123456789n);
  });

  test('the number of a log file follows from the position', () => {
    const size = BigInt(archive.archiveFileBytes);
    expect([0n, size - 1n, size, 10n * size + 5n].map(archive.logFileId)).toEqual([1, 1, 2, 11]);
  });
});

test('time texts are local time of the operating system', () => {
  const script = `
    const { scnTimeText } = await import(${JSON.stringify(new URL('../../src/destination/layout.ts', import.meta.url).href)});
    console.log(scnTimeText(1704067199999999999n));`;
  const at = (TZ: string) =>
    execFileSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
      env: { ...process.env, TZ },
    }).trim();
  expect(at('UTC')).toBe('20231231T235959');
  expect(at('Asia/Shanghai')).toBe('20240101T075959');
  expect(at('America/St_Johns')).toBe('20231231T202959');
});
