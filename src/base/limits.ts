/**
 * The named limits: whatever a client, a peer or the load could otherwise grow without end. Bytes unless the name says
 * something else.
 */

/** Limits of the MySQL connections. */
export interface WireLimits {
  /** Connections at one time; the next one is answered with 1040. */
  readonly maxConnections: number;
  /** The largest packet before the login has succeeded. */
  readonly maxLoginPacketBytes: number;
  /** The largest command (`max_allowed_packet`); a longer one is answered with 1153 and the connection ends. */
  readonly maxAllowedPacketBytes: number;
  /** Bytes of pipelined commands kept while an earlier one runs; beyond this the socket is not read. */
  readonly maxPipelinedBytes: number;
  /** An answer is handed to the socket in pieces of about this size, and each piece is awaited. */
  readonly flushBytes: number;
  /** Time from the first byte of the greeting to the end of the login. */
  readonly loginTimeoutMs: number;
  /** How long a connection that ended with an error is still read, so that the error text reaches the client. */
  readonly lingerMs: number;
  /** Prepared statements open on one connection. */
  readonly maxStatements: number;
  /** Pipelined commands answered in one go before other connections get their turn. */
  readonly maxCommandsPerTurn: number;
}

export const wireLimits: WireLimits = Object.freeze({
  maxConnections: 4096,
  maxLoginPacketBytes: 65_536,
  maxAllowedPacketBytes: 16_777_216,
  maxPipelinedBytes: 1_048_576,
  flushBytes: 65_536,
  loginTimeoutMs: 10_000,
  lingerMs: 2_000,
  maxStatements: 16_382,
  maxCommandsPerTurn: 32,
});

/** Limits of OceanBase's own statements, which the main thread reads; what is beyond is refused with 4019. */
export const statementLimits = Object.freeze({
  /** Characters of one statement. */
  maxCharacters: 1_048_576,
  /** Parameters one ALTER SYSTEM SET or RESET may name: more than there are. */
  maxParameterItems: 1_000,
});

/** Limits of rows on their way to a client. */
export const rowLimits = Object.freeze({
  /** A batch of rows is closed when it has reached this size; one row may be larger. */
  batchBytes: 65_536,
});
