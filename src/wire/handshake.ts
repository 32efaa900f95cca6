import { fault } from '../base/errors.ts';
import { type Charset, charsetByCollation, decodeText, utf8mb4 } from '../value/charset.ts';
import { saltBytes } from './auth.ts';
import type { PacketWriter } from './packet-writer.ts';
import { PayloadReader } from './payload-reader.ts';
import {
  capability,
  greetingCollationId,
  nativePlugin,
  protocolVersion,
  serverStatus,
  serverVersion,
} from './protocol.ts';

/** Writes the greeting (handshake v10), the first packet of a connection. */
export function writeGreeting(out: PacketWriter, threadId: number, salt: Uint8Array, capabilities: number): void {
  out.begin();
  out.u8(protocolVersion);
  out.ascii(`${serverVersion}\0`);
  out.u32(threadId);
  out.raw(salt.subarray(0, 8));
  out.u8(0);
  out.u16(capabilities & 0xffff);
  out.u8(greetingCollationId);
  // Drivers such as pymysql compare this with the mode they want and say nothing when it fits: a zero would cost them ROLLBACK.
  out.u16(serverStatus.AUTOCOMMIT);
  out.u16(capabilities >>> 16);
  out.u8(saltBytes + 1);
  out.zeros(10);
  out.raw(salt.subarray(8));
  out.ascii(`\0${nativePlugin}\0`);
  out.end();
}

/** What a client sends to log in, or with COM_CHANGE_USER. */
export interface Credentials {
  /** As the client wrote it: `user@tenant#cluster`. */
  readonly user: string;
  /** Null when none is named. */
  readonly database: string | null;
  readonly authResponse: Buffer;
  /** Empty when the client names none. */
  readonly plugin: string;
  /** Null when the client leaves it out. */
  readonly collationId: number | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/** Length of an SSLRequest: capabilities, packet size, collation and filler, no user. */
const sslRequestBytes = 32;

/** The client's flags; throws 1043 for a packet that is no handshake of protocol 4.1. */
export function readCapabilities(payload: Buffer): number {
  if (payload.length < sslRequestBytes) throw fault('ER_HANDSHAKE');
  const flags = payload.readUInt32LE(0);
  if ((flags & capability.PROTOCOL_41) === 0) throw fault('ER_HANDSHAKE');
  return flags;
}

/** True for the short packet after which the client begins TLS. */
export function isSslRequest(payload: Buffer, flags: number): boolean {
  return payload.length === sslRequestBytes && (flags & capability.SSL) !== 0;
}

/** Reads the handshake response; `shared` are the flags both sides have. Malformed ones throw 1043. */
export function readHandshakeResponse(payload: Buffer, shared: number): Credentials {
  const reader = new PayloadReader(payload, 8);
  const collationId = reader.u8();
  reader.slice(23);
  const charset = charsetByCollation(collationId);
  const user = textOf(reader.nulBytes(), charset);
  const authResponse = readAuthResponse(reader, shared);
  const database =
    (shared & capability.CONNECT_WITH_DB) !== 0 && reader.rest > 0 ? textOf(reader.nulBytes(), charset) : '';
  return { user, database: database || null, authResponse, collationId, ...readPlugin(reader, shared, charset) };
}

/**
 * Reads COM_CHANGE_USER behind its command byte. Clients differ: OceanBase Connector/J leaves out the two bytes of the
 * collation, npm mysql ends with them.
 */
export function readChangeUser(payload: Buffer, shared: number, session: Charset): Credentials {
  const reader = new PayloadReader(payload, 1);
  const userBytes = reader.nulBytes();
  const authResponse = readAuthResponse(reader, shared);
  const databaseBytes = reader.rest > 0 ? reader.nulBytes() : Buffer.alloc(0);
  const collationId = reader.rest >= 2 && !startsWithName(reader) ? reader.u16() : null;
  const charset = collationId === null ? session : charsetByCollation(collationId);
  const user = textOf(userBytes, charset);
  const database = textOf(databaseBytes, charset) || null;
  return { user, database, authResponse, collationId, ...readPlugin(reader, shared, charset) };
}

/** A collation number is far below two letters read as one number. */
function startsWithName(reader: PayloadReader): boolean {
  const isLetter = (byte: number) => byte >= 0x61 && byte <= 0x7a;
  return isLetter(reader.bytes[reader.at]!) && isLetter(reader.bytes[reader.at + 1]!);
}

/** The length form is decided by what both sides can, not by what the client would like. */
function readAuthResponse(reader: PayloadReader, shared: number): Buffer {
  if ((shared & capability.PLUGIN_AUTH_LENENC) !== 0) return reader.lenencBytes();
  if ((shared & capability.SECURE_CONNECTION) !== 0) return reader.slice(reader.u8());
  return reader.nulBytes();
}

function readPlugin(
  reader: PayloadReader,
  shared: number,
  charset: Charset,
): Pick<Credentials, 'plugin' | 'attributes'> {
  const plugin = (shared & capability.PLUGIN_AUTH) !== 0 && reader.rest > 0 ? reader.nulBytes().toString('latin1') : '';
  return { plugin, attributes: (shared & capability.CONNECT_ATTRS) !== 0 ? readAttributes(reader, charset) : {} };
}

function readAttributes(reader: PayloadReader, charset: Charset): Readonly<Record<string, string>> {
  const attributes: Record<string, string> = Object.create(null);
  if (reader.rest === 0) return attributes;
  const inner = new PayloadReader(reader.lenencBytes());
  while (inner.rest > 0) {
    const name = textOf(inner.lenencBytes(), charset);
    attributes[name] = textOf(inner.lenencBytes(), charset);
  }
  return attributes;
}

function textOf(bytes: Buffer, charset: Charset): string {
  return decodeText(bytes, 0, bytes.length, charset.converter === null ? utf8mb4 : charset);
}
