import type { ObError } from '../base/errors.ts';
import { type Charset, encodeText } from '../value/charset.ts';
import type { PacketWriter } from './packet-writer.ts';

/** What an OK packet tells. */
export interface OkFields {
  readonly affectedRows?: number | bigint;
  /** First generated AUTO_INCREMENT value. */
  readonly insertId?: number | bigint;
  readonly warnings?: number;
  /** Human-readable, such as `Rows matched: 1  Changed: 1  Warnings: 0`. */
  readonly info?: string;
}

const nothing: OkFields = Object.freeze({});

/** The largest count the protocol's 16 bits hold. */
const maxWarnings = 0xffff;

export function writeOk(out: PacketWriter, status: number, charset: Charset, fields: OkFields = nothing): void {
  out.begin();
  out.u8(0x00);
  out.lenencInt(fields.affectedRows ?? 0);
  out.lenencInt(fields.insertId ?? 0);
  out.u16(status);
  out.u16(Math.min(fields.warnings ?? 0, maxWarnings));
  if (fields.info) out.lenencText(fields.info, charset);
  out.end();
}

export function writeEof(out: PacketWriter, status: number, warnings = 0): void {
  out.begin();
  out.u8(0xfe);
  out.u16(Math.min(warnings, maxWarnings));
  out.u16(status);
  out.end();
}

/** The text goes out in the character set of the client's results. */
export function writeError(out: PacketWriter, error: ObError, charset: Charset): void {
  out.begin();
  out.u8(0xff);
  out.u16(error.errno);
  out.ascii(`#${error.sqlstate}`);
  out.raw(encodeText(error.message, charset));
  out.end();
}
