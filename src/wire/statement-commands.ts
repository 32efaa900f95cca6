import { fault } from '../base/errors.ts';
import { decodeText } from '../value/charset.ts';
import type { ResultColumn } from '../value/column-type.ts';
import { writeEof } from './answers.ts';
import type { MaybePromise, PreparedStatement } from './command-handler.ts';
import type { Conversation } from './conversation.ts';
import { writeDefinitions } from './metadata-block.ts';
import { readParameters } from './parameters.ts';
import { PayloadReader } from './payload-reader.ts';

/** COM_STMT_PREPARE: id and counts, then the parameters and the columns, each with an EOF when there are any. */
export function prepare(conversation: Conversation, payload: Buffer): MaybePromise<void> {
  const text = decodeText(payload, 1, payload.length, conversation.clientCharset);
  const id = conversation.statements.reserve();
  const shape = conversation.handler.prepare(id, text);
  if (shape instanceof Promise) return shape.then((made) => writePrepared(conversation, id, made));
  return writePrepared(conversation, id, shape);
}

/** COM_STMT_EXECUTE. A cursor the client asks for is not opened: all rows follow at once. */
export function execute(conversation: Conversation, payload: Buffer): MaybePromise<void> {
  const { statements, answer, handler, clientCharset } = conversation;
  answer.start('binary');
  const reader = new PayloadReader(payload, 1);
  const statement = statements.get(reader.u32(), 'mysqld_stmt_execute');
  reader.slice(5);
  const { failure } = statement;
  if (failure) {
    statements.dropLongData(statement);
    throw failure;
  }
  const parameters = readParameters(reader, statement, clientCharset);
  if (statement.longData.size > 0) statements.dropLongData(statement);
  return handler.execute(statement.id, parameters, answer);
}

/** COM_STMT_SEND_LONG_DATA, which never has an answer, not even an error. */
export function sendLongData(conversation: Conversation, payload: Buffer): void {
  conversation.answer.skip();
  if (payload.length < 7) return;
  const { statements, maxAllowedPacketBytes } = conversation;
  const statement = statements.find(payload.readUInt32LE(1));
  if (!statement) return;
  statements.addLongData(statement, payload.readUInt16LE(5), payload.subarray(7), maxAllowedPacketBytes);
}

/** COM_STMT_CLOSE, which never has an answer; closing what is not open is no mistake. */
export function closeStatement(conversation: Conversation, payload: Buffer): MaybePromise<void> {
  conversation.answer.skip();
  if (payload.length < 5) return;
  const id = payload.readUInt32LE(1);
  if (conversation.statements.remove(id)) return conversation.handler.closeStatement(id);
}

/** COM_STMT_RESET: the long parameters are forgotten; there is no cursor to close. */
export function resetStatement(conversation: Conversation, payload: Buffer): void {
  const id = new PayloadReader(payload, 1).u32();
  const { statements } = conversation;
  statements.dropLongData(statements.get(id, 'mysqld_stmt_reset'));
  conversation.answer.ok();
}

function writePrepared(conversation: Conversation, id: number, shape: PreparedStatement): void {
  const { packets, statements, status, resultsCharset, answer } = conversation;
  if (shape.parameterCount > maxCount || shape.columns.length > maxCount)
    throw fault('OB_NOT_SUPPORTED', `a statement of more than ${maxCount} parameters or columns is`);
  statements.add(id, shape);
  packets.begin();
  packets.u8(0);
  packets.u32(id);
  packets.u16(shape.columns.length);
  packets.u16(shape.parameterCount);
  packets.u8(0);
  packets.u16(0);
  packets.end();
  if (shape.parameterCount > 0) {
    for (let i = 0; i < shape.parameterCount; i++) writeDefinitions(packets, parameterColumn, resultsCharset);
    writeEof(packets, status);
  }
  if (shape.columns.length > 0) {
    writeDefinitions(packets, shape.columns, resultsCharset);
    writeEof(packets, status);
  }
  answer.skip();
}

/** What the counts of the answer hold. */
const maxCount = 0xffff;

/** What is said of a parameter before its type is known. */
const parameterColumn: readonly ResultColumn[] = [
  {
    label: '?',
    type: { name: 'varbinary', length: 0 },
    schema: '',
    table: '',
    orgTable: '',
    orgName: '',
  },
];
