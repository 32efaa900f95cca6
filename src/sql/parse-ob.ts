import { SyntaxError as GrammarError, parse } from '../../grammar/compiled/statements.js';
import { fault, type ObError } from '../base/errors.ts';
import { statementLimits } from '../base/limits.ts';
import { atLeast, type Release } from '../base/release.ts';
import type { UnboundStatement } from './bind-statement.ts';
import { quoteMasked } from './mask-secrets.ts';
import { blankComments } from './scan.ts';
import type { ObStatement, ObStatementKind } from './statement.ts';

export interface ObParseOptions {
  /** The emulated release: it decides which forms exist. */
  readonly release: Release;
  /** Oracle mode: double quotes hold names, a backslash is an ordinary character. */
  readonly oracle: boolean;
}

const families: Readonly<Record<string, readonly string[] | null>> = {
  ALTER: ['SYSTEM', 'INSTANCE', 'RESOURCE', 'TENANT', 'USER'],
  CREATE: ['RESOURCE', 'STANDBY', 'TENANT', 'USER'],
  DROP: ['RESOURCE', 'TENANT', 'USER'],
  RENAME: ['USER'],
  FLASHBACK: ['TENANT'],
  PURGE: ['TENANT'],
  SET: ['ENCRYPTION', 'DECRYPTION', 'PASSWORD'],
  GRANT: null,
  REVOKE: null,
};

/** True when the first two words belong to a statement of the compiled grammar; any case. */
export function isObStatement(leadingWords: readonly string[]): boolean {
  const first = (leadingWords[0] ?? '').toUpperCase();
  if (!Object.hasOwn(families, first)) return false;
  const seconds = families[first];
  return seconds === null || seconds!.includes((leadingWords[1] ?? '').toUpperCase());
}

/**
 * Types one statement. Throws OB_ERR_PARSE_SQL (1064) where the text leaves the grammar, and OB_NOT_SUPPORTED naming the
 * release for a form that only other releases have, OB_SIZE_OVERFLOW (4019) for one beyond `statementLimits`.
 */
export function parseObStatement(text: string, options: ObParseOptions): ObStatement {
  return settle(run(text, options, false), options.release, null) as ObStatement;
}

/** As `parseObStatement` for a text in which `?` may stand for values; `bindStatement` fills them in. */
export function prepareObStatement(text: string, options: ObParseOptions): UnboundStatement {
  const places: number[] = [];
  const template = settle(run(text, options, true), options.release, places) as { readonly kind: ObStatementKind };
  places.sort((a, b) => a - b);
  return Object.freeze({ kind: template.kind, template, places: Object.freeze(places) });
}

function run(text: string, options: ObParseOptions, placeholders: boolean): unknown {
  if (text.length > statementLimits.maxCharacters) throw fault('OB_SIZE_OVERFLOW');
  try {
    // The grammar knows comments, not those whose content counts.
    return parse(text.includes('/*!') ? blankComments(text, { oracle: options.oracle }) : text, {
      atLeast: (release) => atLeast(options.release, release),
      oracle: options.oracle,
      placeholders,
    });
  } catch (error) {
    if (error instanceof GrammarError) throw syntaxError(text, error.location.start.offset);
    throw error;
  }
}

const nearLength = 80;

/** 1064 as release 4.2.1 words it: what stands from the offending token on, and its line. */
function syntaxError(text: string, offset: number): ObError {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  const near = quoteMasked(text, offset, nearLength).replace(/[\ud800-\udbff]$/, '');
  return fault(
    'OB_ERR_PARSE_SQL',
    'You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use',
    near,
    line,
  );
}

interface Gate {
  readonly form: string;
  readonly since: string;
  readonly before: string | null;
}

/** Takes the gates off a freshly parsed statement, freezes it, and collects where its placeholders stand. */
function settle(node: unknown, release: Release, places: number[] | null): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if ('gate' in node) {
    const { gate, value } = node as unknown as { gate: Gate; value: unknown };
    pass(gate, release);
    return settle(value, release, places);
  }
  if ('placeholder' in node) places?.push(node.placeholder as number);
  const fields = node as Record<string, unknown>;
  for (const key of Object.keys(fields)) fields[key] = settle(fields[key], release, places);
  return Object.freeze(node);
}

function pass({ form, since, before }: Gate, release: Release): void {
  if (atLeast(release, since) && (before === null || !atLeast(release, before))) return;
  const range = before === null ? `it came with ${since}` : `it came with ${since} and is not in ${before}`;
  throw fault('OB_NOT_SUPPORTED', `${form} in release ${release.text} (${range}) is`);
}
