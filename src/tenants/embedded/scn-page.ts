import type { Scn } from '../../base/scn.ts';

/**
 * The SCN table is the first table of a tenant, so its root is page 2 for ever. It holds one row (1, scn, previous),
 * both values at least 2^47, so that SQLite always stores them as eight bytes. Every committing transaction rewrites it:
 * the newest image of this page says which commit a state belongs to and which commit came before it.
 */
export const scnPageNo = 2;

export interface ScnRow {
  readonly scn: Scn;
  /** SCN of the commit before this one; lets a reader of the log prove that none is missing. */
  readonly previous: Scn;
}

const leafTablePage = 0x0d;
const eightByteInteger = 6;

/** Decodes the row from a page image; null when the page does not hold it. */
export function decodeScnPage(bytes: Uint8Array, offset = 0): ScnRow | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  if (view.getUint8(0) !== leafTablePage || view.getUint16(3) !== 1) return null;
  const cell = view.getUint16(8);
  // Cell: payload length, row id, then the record: header length 4, types NULL (the row id), integer, integer.
  const record = cell + 2;
  if (view.getUint8(record) !== 4) return null;
  if (view.getUint8(record + 2) !== eightByteInteger || view.getUint8(record + 3) !== eightByteInteger) return null;
  return { scn: view.getBigUint64(record + 4), previous: view.getBigUint64(record + 12) };
}
