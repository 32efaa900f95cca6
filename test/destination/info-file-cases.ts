import fc from 'fast-check';
import {
  lsFileInfoFile,
  pieceEndFile,
  pieceFileInfoFile,
  pieceInnerFile,
  pieceStartFile,
  pieceStatuses,
  roundEndFile,
  roundStartFile,
  singlePieceInfoFile,
  tenantPieceInfosFile,
} from '../../src/destination/codec/archive-files.ts';
import { checkpointFile } from '../../src/destination/codec/checkpoint-file.ts';
import { checkFile, destTypes, formatFile } from '../../src/destination/codec/identity-files.ts';
import type { InfoFile } from '../../src/destination/codec/info-file.ts';
import {
  diagnoseInfoFile,
  encryptionModes,
  fileStatuses,
  localityInfoFile,
  setPlaceholderFile,
  setStatuses,
  setTypes,
  singleSetInfoFile,
  tenantSetInfosFile,
} from '../../src/destination/codec/set-files.ts';
import {
  deletedTabletInfoFile,
  lsAttrInfoFile,
  lsMetaInfosFile,
  tableListFile,
  tableListMetaFile,
  tabletLogStreamInfoFile,
} from '../../src/destination/codec/tablet-files.ts';

const id = fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER });
const count = fc.maxSafeNat();
const anyInt = fc.maxSafeInteger();
const big = fc.bigInt({ min: -(1n << 63n), max: (1n << 63n) - 1n });
const anyScn = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });
const word = fc.string({ unit: 'grapheme', maxLength: 20 }).filter((value) => !value.includes('\0'));
const path = word.map((value) => `file:///${value}`);
const one = fc.constant(1);
const int32s = fc.integer();

const owner = { clusterName: word, tenantName: word, path, clusterId: id, tenantId: id, incarnation: one, ts: id };
const set = fc.record({
  backupSetId: id,
  incarnation: one,
  tenantId: id,
  destId: id,
  backupType: fc.constantFrom(...setTypes),
  plusArchivelog: fc.boolean(),
  date: count,
  prevFullBackupSetId: count,
  prevIncBackupSetId: count,
  stats: fc.record({
    inputBytes: big,
    outputBytes: big,
    tabletCount: count,
    finishTabletCount: count,
    macroBlockCount: count,
    finishMacroBlockCount: count,
    extraBytes: big,
    finishFileCount: count,
  }),
  startTimeUs: count,
  endTimeUs: anyInt,
  status: fc.constantFrom(...setStatuses),
  result: int32s,
  encryptionMode: fc.constantFrom(...encryptionModes),
  passwd: word,
  fileStatus: fc.constantFrom(...fileStatuses),
  backupPath: path,
  startReplayScn: anyScn,
  minRestoreScn: anyScn,
  tenantCompatible: big,
  backupCompatible: count,
  dataTurnId: count,
  metaTurnId: count,
  clusterVersion: big,
  minorTurnId: count,
  majorTurnId: count,
  consistentScn: anyScn,
});
const locality = fc.record({
  tenantId: id,
  backupSetId: id,
  clusterId: id,
  compatMode: fc.constantFrom('MYSQL' as const, 'ORACLE' as const),
  tenantName: word,
  clusterName: word,
  locality: word,
  primaryZone: word,
  sysTimeZone: word,
});
const key = { destId: id, roundId: id, pieceId: id };
const piece = fc.record({
  key: fc.record({ tenantId: id, ...key }),
  incarnation: one,
  destNo: count,
  fileCount: count,
  startScn: anyScn,
  checkpointScn: anyScn,
  maxScn: anyScn,
  endScn: anyScn,
  compatible: count,
  inputBytes: big,
  outputBytes: big,
  status: fc.constantFrom(...pieceStatuses),
  fileStatus: fc.constantFrom(...fileStatuses),
  checkpointFileId: count,
  checkpointFileOffset: count,
  path,
});
const streams = fc.array(fc.record({ lsId: id, tabletIds: fc.array(big, { maxLength: 5 }) }), { maxLength: 4 });
const lsFiles = fc.record({
  ...key,
  lsId: id,
  startScn: anyScn,
  checkpointScn: anyScn,
  minLsn: big,
  maxLsn: big,
  deleted: fc.boolean(),
  files: fc.array(fc.record({ fileId: count, sizeBytes: count }), { maxLength: 5 }),
});
const table = fc.record({ databaseName: word, tableName: word });

/** A kind of info file with every value it must carry. */
export interface InfoFileCase<T> {
  readonly name: string;
  readonly file: InfoFile<T>;
  readonly value: fc.Arbitrary<T>;
}
const aCase = <T>(name: string, file: InfoFile<T>, value: fc.Arbitrary<T>): InfoFileCase<unknown> =>
  ({ name, file, value }) as unknown as InfoFileCase<unknown>;

export const infoFileCases = [
  aCase('format', formatFile, fc.record({ ...owner, destId: id, destType: fc.constantFrom(...destTypes) })),
  aCase('check file', checkFile, fc.record(owner)),
  aCase('placeholder of a set', setPlaceholderFile, fc.constant({})),
  aCase('single_backup_set_info', singleSetInfoFile, fc.record({ set })),
  aCase('tenant_backup_set_infos', tenantSetInfosFile, fc.record({ sets: fc.array(set, { maxLength: 4 }) })),
  aCase('diagnose_info', diagnoseInfoFile, fc.record({ tenantId: id, locality, set })),
  aCase('locality_info', localityInfoFile, locality),
  aCase(
    'ls_attr_info',
    lsAttrInfoFile,
    fc.record({
      backupScn: anyScn,
      attrs: fc.array(
        fc.record({
          tenantId: id,
          lsId: id,
          lsGroupId: count,
          flag: count,
          status: count,
          operationType: count,
          createScn: anyScn,
        }),
      ),
    }),
  ),
  aCase(
    'ls_meta_infos',
    lsMetaInfosFile,
    fc.record({
      metas: fc.array(
        fc.record({ tenantId: id, lsId: id, createScn: anyScn, checkpointScn: anyScn, tabletCount: count }),
      ),
    }),
  ),
  aCase('tablet_log_stream_info', tabletLogStreamInfoFile, fc.record({ backupScn: anyScn, streams })),
  aCase('deleted_tablet_info', deletedTabletInfoFile, fc.record({ streams })),
  aCase('table_list', tableListFile, fc.record({ tables: fc.array(table) })),
  aCase(
    'table_list_meta_info',
    tableListMetaFile,
    fc.record({
      scn: anyScn,
      count,
      batchSize: count,
      parts: fc.array(fc.record({ first: table, last: table }), { maxLength: 3 }),
    }),
  ),
  aCase(
    'round start',
    roundStartFile,
    fc.record({ destId: id, roundId: id, startScn: anyScn, basePieceId: id, pieceSwitchIntervalUs: count }),
  ),
  aCase(
    'round end',
    roundEndFile,
    fc.record({
      destId: id,
      roundId: id,
      startScn: anyScn,
      checkpointScn: anyScn,
      basePieceId: id,
      pieceSwitchIntervalUs: count,
    }),
  ),
  aCase('piece start', pieceStartFile, fc.record({ ...key, startScn: anyScn })),
  aCase('piece end', pieceEndFile, fc.record({ ...key, endScn: anyScn })),
  aCase('piece inner', pieceInnerFile, fc.record({ ...key, startScn: anyScn, checkpointScn: anyScn })),
  aCase('single_piece_info', singlePieceInfoFile, fc.record({ piece })),
  aCase(
    'tenant_archive_piece_infos',
    tenantPieceInfosFile,
    fc.record({
      ...key,
      tenantId: id,
      incarnation: one,
      destNo: count,
      compatible: count,
      path,
      startScn: anyScn,
      endScn: anyScn,
      frozenPieces: fc.array(piece, { maxLength: 3 }),
    }),
  ),
  aCase('file_info of a log stream', lsFileInfoFile, lsFiles),
  aCase('file_info of a piece', pieceFileInfoFile, fc.record({ ...key, streams: fc.array(lsFiles, { maxLength: 3 }) })),
  aCase(
    'checkpoint_info',
    checkpointFile,
    fc.record({
      ...key,
      tenantId: id,
      incarnation: one,
      compatible: count,
      startScn: anyScn,
      checkpointScn: anyScn,
      maxScn: anyScn,
      endScn: anyScn,
    }),
  ),
];
