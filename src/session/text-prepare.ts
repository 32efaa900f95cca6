import { fault } from '../base/errors.ts';
import type { TextExecute, TextPrepare } from '../sql/ast/session.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import type { Call } from './client.ts';
import { plainRunnable, type Runnable } from './runnable.ts';
import type { SessionContext } from './session-context.ts';

/** Prepared statements of one session, text and binary together. */
const mostPrepared = 16_382;

/** PREPARE, EXECUTE and DEALLOCATE PREPARE. */
export function textPrepareRunnable(text: string, session: SessionContext): Runnable {
  const { statement } = parseForPlan(text, session.state.scan);
  if (statement.kind === 'prepare') return plainRunnable('', (at, call) => prepare(statement, at, call));
  if (statement.kind === 'execute') return plainRunnable('', (at, call) => execute(statement, at, call));
  if (statement.kind !== 'deallocate') throw fault('OB_NOT_SUPPORTED', 'this form of prepare is');
  return plainRunnable('', (at, { answer, more }) => {
    if (!at.prepared.delete(key(statement.name))) throw unknown(statement.name, 'DEALLOCATE PREPARE');
    answer.ok({ more });
  });
}

const key = (name: string): string => name.toLowerCase();

function unknown(name: string, caller: string) {
  return fault('ER_UNKNOWN_STMT_HANDLER', name, caller);
}

async function prepare({ name, source }: TextPrepare, session: SessionContext, { answer, more }: Call): Promise<void> {
  const value = source.kind === 'userVariable' ? session.state.userVariables[source.name] : textOf(source);
  session.prepared.delete(key(name));
  if (session.prepared.size >= mostPrepared) throw fault('ER_MAX_PREPARED_STMT_COUNT_REACHED', mostPrepared);
  session.prepared.set(key(name), await session.understand(String(value ?? 'NULL')));
  answer.ok({ more, info: 'Statement prepared' });
}

function textOf(source: TextPrepare['source']): string {
  return source.kind === 'literal' ? String(source.value) : '';
}

async function execute({ name, using }: TextExecute, session: SessionContext, call: Call): Promise<void> {
  const runnable = session.prepared.get(key(name));
  if (!runnable) throw unknown(name, 'EXECUTE');
  if (runnable.parameterCount !== using.length) throw fault('ER_WRONG_ARGUMENTS', 'EXECUTE');
  const parameters = using.map((variable) => session.state.userVariables[variable] ?? null);
  await session.run(runnable, { ...call, parameters });
}
