import { fault } from '../base/errors.ts';
import { decodeText } from '../value/charset.ts';
import type { ResultColumn } from '../value/column-type.ts';
import { writeEof } from './answers.ts';
import type { MaybePromise } from './command-handler.ts';
import type { Conversation } from './conversation.ts';
import { changeUser, resetSession } from './login.ts';
import { writeDefinitions } from './metadata-block.ts';
import { PayloadReader } from './payload-reader.ts';
import { capability, command } from './protocol.ts';
import { closeStatement, execute, prepare, resetStatement, sendLongData } from './statement-commands.ts';

type Command = (conversation: Conversation, payload: Buffer) => MaybePromise<void>;

const statisticsText = 'Active threads not support';

const commands: Readonly<Record<number, Command>> = {
  [command.QUIT]: (conversation) => {
    conversation.answer.skip();
    conversation.quit();
  },
  [command.INIT_DB]: (conversation, payload) =>
    okAfter(conversation, conversation.handler.initDb(textFrom(conversation, payload, 1, payload.length))),
  [command.QUERY]: (conversation, payload) =>
    conversation.handler.query(textFrom(conversation, payload, 1, payload.length), conversation.answer),
  [command.FIELD_LIST]: fieldList,
  [command.STATISTICS]: ({ packets, answer }) => {
    packets.begin();
    packets.ascii(statisticsText);
    packets.end();
    answer.skip();
  },
  [command.PROCESS_KILL]: (conversation, payload) =>
    okAfter(conversation, conversation.handler.kill(new PayloadReader(payload, 1).u32())),
  [command.PING]: (conversation) => okAfter(conversation, conversation.handler.ping()),
  [command.CHANGE_USER]: changeUser,
  [command.STMT_PREPARE]: prepare,
  [command.STMT_EXECUTE]: execute,
  [command.STMT_SEND_LONG_DATA]: sendLongData,
  [command.STMT_CLOSE]: closeStatement,
  [command.STMT_RESET]: resetStatement,
  [command.SET_OPTION]: setOption,
  [command.RESET_CONNECTION]: resetConnection,
};

/** Carries out one command packet. The answer is complete in `packets`, or a continuation is set, when it is through. */
export function runCommand(conversation: Conversation, payload: Buffer): MaybePromise<void> {
  conversation.answer.start('text');
  if (payload.length === 0) throw fault('ER_MALFORMED_PACKET');
  const run = commands[payload[0]!];
  if (!run) throw fault('OB_NOT_SUPPORTED');
  return run(conversation, payload);
}

function fieldList(conversation: Conversation, payload: Buffer): MaybePromise<void> {
  const { handler } = conversation;
  const end = payload.indexOf(0, 1);
  const nameEnd = end < 0 ? payload.length : end;
  const table = textFrom(conversation, payload, 1, nameEnd);
  const wildcard = textFrom(conversation, payload, Math.min(nameEnd + 1, payload.length), payload.length);
  const columns = handler.fieldList(table, wildcard);
  if (columns instanceof Promise) return columns.then((list) => writeFieldList(conversation, list));
  return writeFieldList(conversation, columns);
}

function writeFieldList(conversation: Conversation, columns: readonly ResultColumn[]): void {
  const { packets, resultsCharset, status, answer } = conversation;
  writeDefinitions(packets, columns, resultsCharset, true);
  writeEof(packets, status);
  answer.skip();
}

function setOption(conversation: Conversation, payload: Buffer): void {
  const option = new PayloadReader(payload, 1).u16();
  if (option > 1) throw fault('ER_UNKNOWN_COM');
  if (option === 0) conversation.capabilities |= capability.MULTI_STATEMENTS;
  else conversation.capabilities &= ~capability.MULTI_STATEMENTS;
  writeEof(conversation.packets, conversation.status);
  conversation.answer.skip();
}

function resetConnection(conversation: Conversation): MaybePromise<void> {
  resetSession(conversation);
  return okAfter(conversation, conversation.handler.resetConnection());
}

function okAfter(conversation: Conversation, pending: MaybePromise<void>): MaybePromise<void> {
  if (pending) return pending.then(() => conversation.answer.ok());
  return conversation.answer.ok();
}

function textFrom(conversation: Conversation, payload: Buffer, start: number, given: number): string {
  let end = given;
  // mariadb-slap sends the byte that ends its strings along.
  while (end > start && payload[end - 1] === 0) end--;
  return decodeText(payload, start, end, conversation.clientCharset);
}
