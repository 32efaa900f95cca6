/** Numbers of the MySQL protocol. Names are those of the protocol's own headers. */

export const protocolVersion = 10;

/** What the greeting says; clients ask `version()` for the release. */
export const serverVersion = '5.7.25';

/** utf8mb4_bin, as OceanBase announces it; JDBC drivers echo it. */
export const greetingCollationId = 46;

export const nativePlugin = 'mysql_native_password';

/** A frame with this payload length is followed by another of the same packet. */
export const maxFramePayload = 0xff_ffff;

export const capability = {
  FOUND_ROWS: 1 << 1,
  CONNECT_WITH_DB: 1 << 3,
  PROTOCOL_41: 1 << 9,
  SSL: 1 << 11,
  SECURE_CONNECTION: 1 << 15,
  MULTI_STATEMENTS: 1 << 16,
  PLUGIN_AUTH: 1 << 19,
  CONNECT_ATTRS: 1 << 20,
  PLUGIN_AUTH_LENENC: 1 << 21,
} as const;

/**
 * What OceanBase announces: everything of the lower word but COMPRESS; PS_MULTI_RESULTS, PLUGIN_AUTH, CONNECT_ATTRS,
 * SESSION_TRACK and bits 28 and 29 of the upper. Bit 27 must stay clear: OceanBase's clients always set it and do not
 * mean query attributes.
 */
export function serverCapabilities(tls: boolean): number {
  return ((0x309c << 16) | (tls ? 0xffdf : 0xf7df)) >>> 0;
}

export const serverStatus = {
  IN_TRANS: 0x0001,
  AUTOCOMMIT: 0x0002,
  MORE_RESULTS_EXISTS: 0x0008,
} as const;

export const command = {
  QUIT: 0x01,
  INIT_DB: 0x02,
  QUERY: 0x03,
  FIELD_LIST: 0x04,
  STATISTICS: 0x09,
  PROCESS_KILL: 0x0c,
  PING: 0x0e,
  CHANGE_USER: 0x11,
  STMT_PREPARE: 0x16,
  STMT_EXECUTE: 0x17,
  STMT_SEND_LONG_DATA: 0x18,
  STMT_CLOSE: 0x19,
  STMT_RESET: 0x1a,
  SET_OPTION: 0x1b,
  RESET_CONNECTION: 0x1f,
} as const;

export const fieldType = {
  DECIMAL: 0,
  TINY: 1,
  SHORT: 2,
  LONG: 3,
  FLOAT: 4,
  DOUBLE: 5,
  NULL: 6,
  TIMESTAMP: 7,
  LONGLONG: 8,
  INT24: 9,
  DATE: 10,
  TIME: 11,
  DATETIME: 12,
  YEAR: 13,
  NEWDATE: 14,
  VARCHAR: 15,
  BIT: 16,
  JSON: 245,
  NEWDECIMAL: 246,
  ENUM: 247,
  SET: 248,
  TINY_BLOB: 249,
  MEDIUM_BLOB: 250,
  LONG_BLOB: 251,
  BLOB: 252,
  VAR_STRING: 253,
  STRING: 254,
  GEOMETRY: 255,
} as const;

export const columnFlag = {
  NOT_NULL: 0x0001,
  PRI_KEY: 0x0002,
  UNIQUE_KEY: 0x0004,
  MULTIPLE_KEY: 0x0008,
  BLOB: 0x0010,
  UNSIGNED: 0x0020,
  ZEROFILL: 0x0040,
  BINARY: 0x0080,
  ENUM: 0x0100,
  AUTO_INCREMENT: 0x0200,
  TIMESTAMP: 0x0400,
  SET: 0x0800,
} as const;
