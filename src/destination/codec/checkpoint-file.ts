import { damaged, dataTypes, decodeInfoFile, encodeInfoFile } from './common-header.ts';
import type { InfoFile } from './info-file.ts';

/** How far a piece is archived. */
export interface PieceCheckpoint {
  readonly tenantId: number;
  readonly destId: number;
  readonly roundId: number;
  readonly pieceId: number;
  readonly incarnation: number;
  readonly compatible: number;
  readonly startScn: bigint;
  readonly checkpointScn: bigint;
  readonly maxScn: bigint;
  readonly endScn: bigint;
}

const numbers = ['tenantId', 'destId', 'roundId', 'pieceId', 'incarnation', 'compatible'] as const;
const scns = ['startScn', 'checkpointScn', 'maxScn', 'endScn'] as const;
const reserved = 7;
const version = 1n;
const sizeBytes = 8 * (2 + numbers.length + scns.length + reserved);

/** `checkpoint/checkpoint_info.<n>.obarc`: the exception, fixed big-endian 8-byte integers. */
export const checkpointFile: InfoFile<PieceCheckpoint> = {
  dataType: dataTypes.pieceCheckpoint,
  encode(value) {
    const members = [...numbers.map((name) => BigInt(value[name])), ...scns.map((name) => value[name])];
    const payload = Buffer.alloc(sizeBytes);
    [version, BigInt(sizeBytes), ...members].forEach((member, place) => {
      payload.writeBigUInt64BE(BigInt.asUintN(64, member), 8 * place);
    });
    return encodeInfoFile(dataTypes.pieceCheckpoint, payload);
  },
  decode(bytes) {
    const payload = decodeInfoFile(bytes, dataTypes.pieceCheckpoint);
    if (payload.length !== sizeBytes) throw damaged('has a checkpoint of another length');
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    if (view.getBigInt64(0) !== version || view.getBigInt64(8) !== BigInt(sizeBytes))
      throw damaged('has a checkpoint of another version');
    const checkpoint = readMembers(view);
    if (checkpoint.tenantId < 1 || checkpoint.destId < 1 || checkpoint.roundId < 1 || checkpoint.pieceId < 1)
      throw damaged('has impossible content');
    return checkpoint;
  },
};

function readMembers(view: DataView): PieceCheckpoint {
  const number = (name: (typeof numbers)[number]) => {
    const value = Number(view.getBigInt64(8 * (2 + numbers.indexOf(name))));
    if (!Number.isSafeInteger(value)) throw damaged('holds a number that is too large');
    return value;
  };
  const scn = (name: (typeof scns)[number]) => view.getBigUint64(8 * (2 + numbers.length + scns.indexOf(name)));
  return {
    tenantId: number('tenantId'),
    destId: number('destId'),
    roundId: number('roundId'),
    pieceId: number('pieceId'),
    incarnation: number('incarnation'),
    compatible: number('compatible'),
    startScn: scn('startScn'),
    checkpointScn: scn('checkpointScn'),
    maxScn: scn('maxScn'),
    endScn: scn('endScn'),
  };
}
