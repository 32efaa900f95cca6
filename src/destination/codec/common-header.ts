import { fault, faultText, type ObError } from '../../base/errors.ts';
import { headerCrc } from './crc.ts';

/** First bytes of every info file and of every block inside data and index files; little-endian. */
export interface CommonHeader {
  readonly dataType: number;
  readonly headerVersion: number;
  readonly dataVersion: number;
  readonly compressorType: number;
  readonly headerLength: number;
  readonly headerChecksum: number;
  /** Payload bytes before compression. */
  readonly dataLength: bigint;
  /** Payload bytes stored. */
  readonly dataZlength: bigint;
  readonly dataChecksum: bigint;
  /** Padding behind the payload in block files. */
  readonly alignLength: bigint;
}

export const commonHeaderBytes = 48;

/** Numbers of data types that obvault writes or reads. */
export const dataTypes = {
  singleSetInfo: 7,
  localityInfo: 12,
  diagnoseInfo: 13,
  roundStart: 18,
  roundEnd: 19,
  singlePieceInfo: 20,
  /** The checkpoint file carries the number of the piece info. */
  pieceCheckpoint: 20,
  pieceStart: 21,
  lsAttrInfo: 22,
  tabletLogStreamInfo: 23,
  /** Start, end and inner placeholder of a set. */
  setPlaceholder: 23,
  tenantSetInfos: 27,
  pieceEnd: 28,
  format: 29,
  pieceInner: 30,
  pieceFileInfo: 31,
  lsFileInfo: 32,
  check: 33,
  lsMetaInfos: 34,
  tenantPieceInfos: 35,
  deletedTabletInfo: 36,
  tabletMetas: 37,
  tableList: 38,
  tableListMeta: 39,
  parameters: 41,
} as const;

/** XOR of the header's 16-bit words, data_version and the checksum itself left out; signed 16 bit. */
export function headerChecksum(header: Omit<CommonHeader, 'headerChecksum' | 'dataVersion'>): number {
  let sum = header.headerVersion ^ header.compressorType ^ header.dataType ^ (header.headerLength & 0xffff);
  for (const value of [header.dataLength, header.dataZlength, header.dataChecksum, header.alignLength])
    for (let shift = 0n; shift < 64n; shift += 16n) sum ^= Number((value >> shift) & 0xffffn);
  return (sum << 16) >> 16;
}

/** Puts the header in front of an uncompressed payload. */
export function encodeInfoFile(dataType: number, payload: Uint8Array): Uint8Array {
  const length = BigInt(payload.length);
  const header = {
    dataType,
    headerVersion: 1,
    compressorType: 1,
    headerLength: commonHeaderBytes,
    dataLength: length,
    dataZlength: length,
    dataChecksum: BigInt(headerCrc(payload)),
    alignLength: 0n,
  };
  const bytes = Buffer.alloc(commonHeaderBytes + payload.length);
  bytes.writeUInt16LE(dataType, 0);
  bytes.writeUInt16LE(header.headerVersion, 2);
  bytes.writeUInt16LE(1, 4);
  bytes.writeUInt16LE(header.compressorType, 6);
  bytes.writeInt16LE(header.headerLength, 8);
  bytes.writeInt16LE(headerChecksum(header), 10);
  bytes.writeBigInt64LE(header.dataLength, 16);
  bytes.writeBigInt64LE(header.dataZlength, 24);
  bytes.writeBigInt64LE(header.dataChecksum, 32);
  bytes.writeBigInt64LE(header.alignLength, 40);
  bytes.set(payload, commonHeaderBytes);
  return bytes;
}

/** The header's fields as they stand, nothing checked. Needs 48 bytes. */
export function readCommonHeader(bytes: Uint8Array): CommonHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, commonHeaderBytes);
  return {
    dataType: view.getUint16(0, true),
    headerVersion: view.getUint16(2, true),
    dataVersion: view.getUint16(4, true),
    compressorType: view.getUint16(6, true),
    headerLength: view.getInt16(8, true),
    headerChecksum: view.getInt16(10, true),
    dataLength: view.getBigInt64(16, true),
    dataZlength: view.getBigInt64(24, true),
    dataChecksum: view.getBigInt64(32, true),
    alignLength: view.getBigInt64(40, true),
  };
}

/**
 * Checks an info file and returns its payload. In order: empty -4016, shorter than the header -4002, header checksum
 * -4103, stored length -4016, data_type -4016, data_version -4016, payload checksum -4103, remaining fields -4016.
 */
export function decodeInfoFile(bytes: Uint8Array, dataType: number): Uint8Array {
  if (bytes.length === 0) throw damaged('is empty');
  if (bytes.length < commonHeaderBytes) throw fault('OB_INVALID_ARGUMENT');
  const header = readCommonHeader(bytes);
  if (headerChecksum(header) !== header.headerChecksum) throw fault('OB_CHECKSUM_ERROR');
  if (header.dataZlength + header.alignLength !== BigInt(bytes.length - commonHeaderBytes))
    throw damaged('has another length than its header says');
  if (header.dataType !== dataType) throw damaged(`has data type ${header.dataType}, expected ${dataType}`);
  if (header.dataVersion !== 1) throw damaged(`has data version ${header.dataVersion}`);
  const payload = bytes.subarray(commonHeaderBytes, commonHeaderBytes + Number(header.dataZlength));
  if (BigInt(headerCrc(payload)) !== header.dataChecksum) throw fault('OB_CHECKSUM_ERROR');
  checkFixedFields(header, bytes);
  return payload;
}

function checkFixedFields(header: CommonHeader, bytes: Uint8Array): void {
  const fixed =
    header.headerVersion === 1 &&
    header.headerLength === commonHeaderBytes &&
    header.compressorType === 1 &&
    header.dataLength === header.dataZlength &&
    header.alignLength === 0n &&
    bytes.subarray(12, 16).every((byte) => byte === 0);
  if (!fixed) throw damaged('has a header of another kind');
}

/** -4016 for a stored file that cannot be what it should be. */
export function damaged(what: string): ObError {
  return faultText('OB_ERR_UNEXPECTED', `stored file ${what}`);
}
