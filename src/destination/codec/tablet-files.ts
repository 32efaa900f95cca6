import { dataTypes } from './common-header.ts';
import { bigInt, int, list, object, scn, text, wrapped } from './fields.ts';
import { infoFile, type ValueIn } from './info-file.ts';

const lsAttr = object({
  tenantId: int,
  lsId: wrapped(int),
  lsGroupId: int,
  flag: int,
  status: int,
  operationType: int,
  createScn: scn,
});
export type LsAttr = ValueIn<typeof lsAttr>;

/** `ls_attr_info.<t>.obbak` */
export const lsAttrInfoFile = infoFile(dataTypes.lsAttrInfo, object({ backupScn: scn, attrs: list(lsAttr) }));
export type LsAttrInfo = ValueIn<typeof lsAttrInfoFile>;

/** The kernel's package is storage-engine data; this is the part an engine without replicas has. */
const lsMeta = object({ tenantId: int, lsId: wrapped(int), createScn: scn, checkpointScn: scn, tabletCount: int });
export type LsMeta = ValueIn<typeof lsMeta>;

/** `ls_meta_infos.obbak` */
export const lsMetaInfosFile = infoFile(dataTypes.lsMetaInfos, object({ metas: list(lsMeta) }));
export type LsMetaInfos = ValueIn<typeof lsMetaInfosFile>;

const lsTablets = object({ lsId: int, tabletIds: list(bigInt) });
export type LsTablets = ValueIn<typeof lsTablets>;

/** `tablet_log_stream_info.obbak` of a data turn. */
export const tabletLogStreamInfoFile = infoFile(
  dataTypes.tabletLogStreamInfo,
  object({ backupScn: scn, streams: list(lsTablets) }),
);
export type TabletLogStreamInfo = ValueIn<typeof tabletLogStreamInfoFile>;

/** `deleted_tablet_info.obbak` */
export const deletedTabletInfoFile = infoFile(dataTypes.deletedTabletInfo, object({ streams: list(lsTablets) }));
export type DeletedTabletInfo = ValueIn<typeof deletedTabletInfoFile>;

const tableName = object({ databaseName: text(512), tableName: text(512) });

/** `table_list.<scn>.<part>.obbak` (4.2.5) */
export const tableListFile = infoFile(dataTypes.tableList, object({ tables: list(tableName) }));

/** `table_list_meta_info.<scn>.obbak` (4.2.5) */
export const tableListMetaFile = infoFile(
  dataTypes.tableListMeta,
  object({ scn, count: int, batchSize: int, parts: list(object({ first: tableName, last: tableName })) }),
);
