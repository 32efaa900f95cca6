import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import peggy from 'peggy';

/**
 * Compiles the grammar files next to this one, together, into `compiled/statements.js` and its types.
 *
 *     node grammar/compile.ts [--into <folder>]
 *
 * The output depends on the sources alone and names their hash in its first line; nothing is written when that is still
 * right. `--into` puts a second copy elsewhere, for a build that ships without this folder.
 */

const folder = import.meta.dirname;

export interface GrammarSource {
  readonly source: string;
  readonly text: string;
}

/** The grammar files; the one with the shared words comes first, the one with the start rule second. */
export function grammarSources(): readonly GrammarSource[] {
  const order = ['lexical.peggy', 'statement.peggy'];
  const rank = (name: string) => (order.includes(name) ? order.indexOf(name) : order.length);
  return readdirSync(folder)
    .filter((name) => name.endsWith('.peggy'))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1))
    .map((name) => ({ source: `grammar/${name}`, text: readFileSync(join(folder, name), 'utf8') }));
}

/** Every rule the sources refer to and none defines, when it is written in capitals: a keyword. */
export function keywordsOf(sources: readonly GrammarSource[]): readonly string[] {
  const referred = new Set<string>();
  const defined = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { type, name } = node as { type?: string; name?: string };
    if (type === 'rule' && name !== undefined) defined.add(name);
    if (type === 'rule_ref' && name !== undefined) referred.add(name);
    for (const [key, value] of Object.entries(node)) if (!key.toLowerCase().endsWith('location')) visit(value);
  };
  for (const { source, text } of sources) {
    visit(peggy.parser.parse(text, { grammarSource: source, reservedWords: peggy.RESERVED_WORDS }));
  }
  return [...referred].filter((name) => !defined.has(name) && /^[A-Z][A-Z0-9_]*$/.test(name)).sort();
}

const types = `export interface ParseOptions {
  /** True when the emulated release is this one or later. */
  readonly atLeast: (release: string) => boolean;
  readonly oracle: boolean;
  /** True when \`?\` may stand for a value. */
  readonly placeholders: boolean;
}
/** Returns the statement as the grammar's actions make it: release gates and placeholders still inside. */
export function parse(text: string, options: ParseOptions): unknown;
export class SyntaxError extends Error {
  readonly location: { readonly start: { readonly offset: number; readonly line: number; readonly column: number } };
}
`;

function hashOf(sources: readonly GrammarSource[]): string {
  const hash = createHash('sha256')
    .update(peggy.VERSION)
    .update(readFileSync(import.meta.filename));
  for (const { source, text } of sources) hash.update(`${source}\0${text}\0`);
  return hash.digest('hex');
}

/** The text of the compiled module. */
export function compileGrammar(sources: readonly GrammarSource[]): string {
  const keywords = keywordsOf(sources).map((word) => `${word} "${word}" = @"${word}"i !NamePart _`);
  const generated = { source: 'keywords', text: `${keywords.join('\n')}\n` };
  return peggy.generate([...sources, generated], {
    output: 'source',
    format: 'es',
    allowedStartRules: ['Statement'],
    cache: false,
  });
}

function write(path: string, text: string): void {
  const passing = `${path}.${process.pid}`;
  writeFileSync(passing, text);
  renameSync(passing, path);
}

function isCurrent(path: string, header: string): boolean {
  return existsSync(path) && readFileSync(path, 'utf8').startsWith(header);
}

/** Brings the compiled grammar up to date in each folder; returns the files it wrote. */
export function bringUpToDate(targets: readonly string[]): readonly string[] {
  const sources = grammarSources();
  const header = `// obvault grammar ${hashOf(sources)}\n`;
  let code: string | null = null;
  const written: string[] = [];
  for (const target of targets) {
    const path = join(target, 'statements.js');
    if (isCurrent(path, header) && existsSync(join(target, 'statements.d.ts'))) continue;
    mkdirSync(target, { recursive: true });
    code ??= header + compileGrammar(sources);
    write(join(target, 'statements.d.ts'), types);
    write(path, code);
    written.push(path);
  }
  return written;
}

if (process.argv[1] === import.meta.filename) {
  const into = process.argv.indexOf('--into');
  const extra = into < 0 ? [] : [resolve(process.argv[into + 1] ?? 'dist/grammar/compiled')];
  for (const path of bringUpToDate([join(folder, 'compiled'), ...extra])) process.stdout.write(`wrote ${path}\n`);
}
