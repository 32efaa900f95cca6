import { charsetByCollation } from '../value/charset.ts';
import { authSwitchRequest, createSalt, verifyNative } from './auth.ts';
import type { LoginRequest, MaybePromise } from './command-handler.ts';
import type { Conversation } from './conversation.ts';
import { type Credentials, readChangeUser } from './handshake.ts';
import { nativePlugin, serverStatus } from './protocol.ts';

/** What happens with the credentials once the auth response is at hand. */
type Admit = (request: LoginRequest) => MaybePromise<void>;

/** Checks the credentials of a handshake response and answers OK; a client with another plugin is asked to switch. */
export function logIn(conversation: Conversation, credentials: Credentials): MaybePromise<void> {
  return authenticate(conversation, credentials, (request) => {
    becomeNew(conversation, request);
    const pending = conversation.handler.login(request);
    if (pending) return pending.then(() => conversation.answer.ok());
    return conversation.answer.ok();
  });
}

/** COM_CHANGE_USER: as a login, but a failure leaves the old session as it was. */
export function changeUser(conversation: Conversation, payload: Buffer): MaybePromise<void> {
  const credentials = readChangeUser(payload, conversation.capabilities, conversation.clientCharset);
  return authenticate(conversation, credentials, async (request) => {
    const { status, clientCharset, resultsCharset, loginCharset } = conversation;
    becomeNew(conversation, request);
    try {
      await conversation.handler.changeUser(request);
    } catch (error) {
      Object.assign(conversation, { status, clientCharset, resultsCharset, loginCharset });
      throw error;
    }
    conversation.statements.clear();
    conversation.answer.ok();
  });
}

/** Brings what the wire keeps of a session back to its beginning. */
export function resetSession(conversation: Conversation): void {
  conversation.status = serverStatus.AUTOCOMMIT;
  conversation.clientCharset = conversation.loginCharset;
  conversation.resultsCharset = conversation.loginCharset;
  conversation.statements.clear();
}

/** The handler may change all of this again while it lets the client in. */
function becomeNew(conversation: Conversation, request: LoginRequest): void {
  conversation.status = serverStatus.AUTOCOMMIT;
  conversation.loginCharset = request.charset;
  conversation.clientCharset = request.charset;
  conversation.resultsCharset = request.charset;
}

function authenticate(conversation: Conversation, credentials: Credentials, admit: Admit): MaybePromise<void> {
  const { plugin } = credentials;
  if (plugin === '' || plugin === nativePlugin)
    return admit(requestOf(conversation, credentials, credentials.authResponse));
  conversation.salt = createSalt();
  conversation.packets.begin();
  conversation.packets.raw(authSwitchRequest(conversation.salt));
  conversation.packets.end();
  conversation.expect((response) => admit(requestOf(conversation, credentials, response)));
}

function requestOf(conversation: Conversation, credentials: Credentials, sent: Buffer): LoginRequest {
  const { salt, host, clientCharset } = conversation;
  const { user, database, attributes, collationId } = credentials;
  // Some clients end the empty response with a NUL.
  const response = sent.length === 1 && sent[0] === 0 ? sent.subarray(1) : sent;
  return {
    user,
    database,
    attributes,
    host,
    usingPassword: response.length > 0,
    charset: collationId === null ? clientCharset : charsetByCollation(collationId),
    verify: (passwordHashHex) => verifyNative(passwordHashHex, salt, response),
  };
}
