/**
 * Rows on their way to a client, already in the protocol's form so that no layer decodes them again.
 *
 * `bytes` holds packets back to back: 3 bytes little-endian payload length, 1 byte left zero for the sequence number
 * (the wire fills it in), payload. A payload of 0xFFFFFF bytes or more cannot be framed so: then the batch holds exactly
 * one row, `framed` is false and `bytes` is the bare payload, which the wire splits.
 */
export interface RowBatch {
  readonly rowCount: number;
  readonly framed: boolean;
  readonly bytes: Uint8Array;
}

/** Which of the two protocol row forms a batch is written in. */
export type RowFormat = 'text' | 'binary';
