import { dataTypes } from './common-header.ts';
import { int, object, text, word } from './fields.ts';
import { infoFile, type ValueIn } from './info-file.ts';

/** Kinds of destinations, in the order of their numbers. */
export const destTypes = ['backup_data', 'archive_log', 'backup_key'] as const;
export type DestType = (typeof destTypes)[number];

const owner = {
  clusterName: text(128),
  tenantName: text(512),
  /** Format file: path, with `?host=` for object stores. Check file: the path alone. */
  path: text(2048),
  clusterId: int,
  tenantId: int,
  incarnation: int,
};

/** `format.obbak`: whose directory this is. `ts` in microseconds. */
export const formatFile = infoFile(
  dataTypes.format,
  object({ ...owner, destId: int, destType: word(destTypes), ts: int }),
  (file) => ownerIsSane(file) && file.destId > 0 && file.ts > 0,
);
export type FormatFile = ValueIn<typeof formatFile>;

/** `check_file/<tenant>_connect_file_<T>.obbak`: proof that this tenant reached the directory. */
export const checkFile = infoFile(
  dataTypes.check,
  object({ ...owner, ts: int }),
  (file) => ownerIsSane(file) && file.ts > 0,
);
export type CheckFile = ValueIn<typeof checkFile>;

interface Owner {
  readonly path: string;
  readonly clusterId: number;
  readonly tenantId: number;
  readonly incarnation: number;
}

function ownerIsSane(file: Owner): boolean {
  return file.path !== '' && file.clusterId > 0 && file.tenantId > 0 && file.incarnation === 1;
}
