import type { Charset } from '../value/charset.ts';
import type { AnswerWriter } from './answer-writer.ts';
import type { CommandHandler, MaybePromise } from './command-handler.ts';
import type { PacketWriter } from './packet-writer.ts';
import type { StatementTable } from './statement-table.ts';

/** A connection as login and commands see it: what they read, change and call. */
export interface Conversation {
  readonly handler: CommandHandler;
  readonly packets: PacketWriter;
  readonly answer: AnswerWriter;
  readonly statements: StatementTable;
  readonly host: string;
  /** The challenge the next auth response answers. */
  salt: Buffer;
  /** Flags that both sides have, and the client's own multi-statement flag. */
  capabilities: number;
  status: number;
  clientCharset: Charset;
  resultsCharset: Charset;
  /** The set announced at login; COM_RESET_CONNECTION returns to it. */
  loginCharset: Charset;
  readonly maxAllowedPacketBytes: number;
  /** The next packet goes to `step` instead of being read as a command. */
  expect(step: (payload: Buffer) => MaybePromise<void>): void;
  /** COM_QUIT. */
  quit(): void;
}
