import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import type { ObStatement } from '../../src/sql/statement.ts';

/** Types a statement under a release, 4.2.1 unless told. */
export function typed(text: string, release = '4.2.1', oracle = false): ObStatement {
  return parseObStatement(text, { release: parseRelease(release), oracle });
}

/** The coded error of a statement; fails when it parses or when something else is thrown. */
export function refusal(text: string, release = '4.2.1', oracle = false): { errno: number; message: string } {
  let statement: ObStatement;
  try {
    statement = typed(text, release, oracle);
  } catch (error) {
    if (error instanceof ObError) return { errno: error.errno, message: error.message };
    throw error;
  }
  throw new Error(`parses as ${statement.kind}: ${text}`);
}
