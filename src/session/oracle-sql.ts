import { fault, isFault } from '../base/errors.ts';
import { leadingWords } from '../sql/scan.ts';
import type { SessionState } from './session-state.ts';

/**
 * What Oracle-mode tenants cannot do here. They are made, backed up and restored, and their views, parameters and accounts
 * are there; tables and PL/SQL are not. That is said by name before Oracle's own grammar could look like an error of syntax.
 */
const refusedVerbs: ReadonlySet<string> = new Set([
  ...['CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'RENAME', 'COMMENT', 'PURGE', 'FLASHBACK', 'ANALYZE', 'CHECK', 'OPTIMIZE'],
  ...['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE', 'LOAD', 'LOCK', 'UNLOCK', 'CALL', 'DECLARE', 'SAVEPOINT'],
]);

/** Verbs whose second word says what they are about. */
const twoWords: ReadonlySet<string> = new Set(['CREATE', 'ALTER', 'DROP', 'TRUNCATE', 'ANALYZE', 'LOCK', 'COMMENT']);

/** 1235 for a statement over tables and for PL/SQL, in an Oracle-mode tenant. OceanBase's own statements are not asked about. */
export function refuseOracleSql(text: string, state: SessionState): void {
  if (state.kind !== 'oracle') return;
  const [first = '', second = ''] = leadingWords(text, 2);
  if (first === 'BEGIN' && second !== '' && second !== 'WORK') throw unsupported('a PL/SQL block');
  if (refusedVerbs.has(first)) throw unsupported(twoWords.has(first) ? `${first} ${second}`.trim() : first);
}

/** Clauses only Oracle has, in the order they are looked for. */
const oracleClauses = /\b(CONNECT\s+BY|START\s+WITH|PIVOT|UNPIVOT|FETCH\s+(?:FIRST|NEXT)|MODEL)\b|\(\+\)/i;

/** Reads a query of an Oracle-mode tenant; one that is none for a clause of Oracle's is refused by that clause. */
export function readingOracle<T>(text: string, state: SessionState, read: () => T): T {
  try {
    return read();
  } catch (error) {
    const [clause] = (state.kind === 'oracle' && isFault(error, 'OB_ERR_PARSE_SQL') && oracleClauses.exec(text)) || [];
    throw clause === undefined ? error : unsupported(clause.toUpperCase().replace(/\s+/g, ' '));
  }
}

function unsupported(what: string): Error {
  return fault('OB_NOT_SUPPORTED', `${what} in an Oracle-mode tenant is`);
}
