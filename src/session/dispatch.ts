import { fault } from '../base/errors.ts';
import { parseForPlan } from '../sql/parse/parse.ts';
import { isObStatement } from '../sql/parse-ob.ts';
import { isEmptyStatement, leadingWords } from '../sql/scan.ts';
import { administrationRunnable } from './administration.ts';
import type { Call, MaybePromise } from './client.ts';
import { engineRunnable, forwardDirect } from './engine-statements.ts';
import { refuseOracleSql } from './oracle-sql.ts';
import { queryRunnable, runDirectQuery } from './queries.ts';
import { plainRunnable, type Runnable, refuseParameters } from './runnable.ts';
import type { SessionContext } from './session-context.ts';
import { setRunnable } from './set-statement.ts';
import { describeRunnable, showRunnable } from './show/show.ts';
import { textPrepareRunnable } from './text-prepare.ts';
import { transactionRunnable } from './transactions.ts';

type Family = (text: string, session: SessionContext) => MaybePromise<Runnable>;

const queryWords: ReadonlySet<string> = new Set(['SELECT', 'WITH', 'VALUES']);

/** Statements that do not simply go to the tenant's engine, by their first word. */
const families: ReadonlyMap<string, Family> = new Map<string, Family>([
  ['SELECT', queryRunnable],
  ['WITH', queryRunnable],
  ['VALUES', queryRunnable],
  ['SET', setRunnable],
  ['SHOW', showRunnable],
  ['DESC', describeRunnable],
  ['DESCRIBE', describeRunnable],
  ['EXPLAIN', describeRunnable],
  ['BEGIN', transactionRunnable],
  ['START', transactionRunnable],
  ['COMMIT', transactionRunnable],
  ['ROLLBACK', transactionRunnable],
  ['USE', administrationRunnable],
  ['KILL', administrationRunnable],
  ['DO', administrationRunnable],
  ['FLUSH', administrationRunnable],
  ['PREPARE', textPrepareRunnable],
  ['EXECUTE', textPrepareRunnable],
  ['DEALLOCATE', textPrepareRunnable],
]);

function familyOf([first = '', second]: readonly string[]): Family | undefined {
  // DROP PREPARE is DEALLOCATE PREPARE.
  return families.get(first === 'DROP' && second === 'PREPARE' ? 'DEALLOCATE' : first);
}

/** Turns a text into something that runs, for PREPARE and EXECUTE. Throws what its parser refuses. */
export function understand(text: string, session: SessionContext): MaybePromise<Runnable> {
  const words = leadingWords(text, 2);
  if (isObStatement(words)) return obRunnable(text, session, true);
  refuseOracleSql(text, session.state);
  const family = familyOf(words);
  if (family) return family(text, session);
  return otherRunnable(text, words);
}

/** Runs a text that came by itself. The shortest way there is: no tree for what is cached. */
export function runText(text: string, session: SessionContext, call: Call): MaybePromise<void> {
  const words = leadingWords(text, 2);
  const first = words[0] ?? '';
  if (queryWords.has(first)) return runDirectQuery(text, session, call);
  if (isObStatement(words)) return obText(text, session, call);
  refuseOracleSql(text, session.state);
  const family = familyOf(words);
  if (!family) return runOther(text, words, session, call);
  const runnable = family(text, session);
  if (runnable instanceof Promise) return runnable.then((one) => runDirect(one, session, call));
  return runDirect(runnable, session, call);
}

function runDirect(runnable: Runnable, session: SessionContext, call: Call): MaybePromise<void> {
  refuseParameters(runnable);
  return session.run(runnable, call);
}

async function obText(text: string, session: SessionContext, call: Call): Promise<void> {
  await session.run(await obRunnable(text, session, false), call);
}

/** The grammar of OceanBase's own statements and all they do is loaded when the first one comes. */
async function obRunnable(text: string, session: SessionContext, placeholders: boolean): Promise<Runnable> {
  const { obStatementRunnable } = await import('./ob-statements.ts');
  return obStatementRunnable(text, session, placeholders);
}

function runOther(text: string, words: readonly string[], session: SessionContext, call: Call): MaybePromise<void> {
  if (words.length === 0) return session.run(otherRunnable(text, words), call);
  refuseReadOnly(words[0]!, session);
  return forwardDirect(text, session, call);
}

function otherRunnable(text: string, words: readonly string[]): Runnable {
  if (words.length > 0) return guardedEngineRunnable(text, words[0]!);
  if (isEmptyStatement(text)) return emptyRunnable;
  // No verb: the parser says what is wrong with it.
  const { statement } = parseForPlan(text);
  return statement.kind === 'query' ? queryRunnable(text) : engineRunnable(text);
}

const emptyRunnable: Runnable = plainRunnable('', (_, { answer, more }) => answer.ok({ more }));

const writingWords: ReadonlySet<string> = new Set([
  ...['INSERT', 'REPLACE', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'RENAME'],
]);

function guardedEngineRunnable(text: string, verb: string): Runnable {
  const inner = engineRunnable(text);
  return {
    ...inner,
    run(session, call) {
      refuseReadOnly(verb, session);
      return inner.run(session, call);
    },
  };
}

/** SET tx_read_only = 1 holds for every transaction of the session. */
function refuseReadOnly(verb: string, session: SessionContext): void {
  if (session.state.variables['tx_read_only'] !== 'ON' || !writingWords.has(verb)) return;
  throw fault('ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION');
}
