import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { grammarSources } from './compile.ts';

/**
 * Writes README.md of this folder from the annotations in the grammar files.
 *
 *     node grammar/reference.ts [--check]
 *
 * An annotation is a comment line `//@ <word> <text>`: `family` opens a section, `statement` an entry; `synopsis`, `since`,
 * `status` (supported or refused), `note` and `example` (any number) belong to the entry above them.
 */

export interface StatementEntry {
  readonly family: string;
  readonly file: string;
  readonly statement: string;
  readonly synopsis: string;
  /** Null: every known release. */
  readonly since: string | null;
  readonly status: 'supported' | 'refused';
  readonly note: string | null;
  readonly examples: readonly string[];
}

interface Draft {
  readonly family: string;
  readonly file: string;
  readonly statement: string;
  readonly fields: Map<string, string>;
  readonly examples: string[];
}

const known = new Set(['synopsis', 'since', 'status', 'note']);

/** Every annotated statement, in the order of the files. Throws for an annotation that says nothing clear. */
export function statementEntries(): readonly StatementEntry[] {
  return grammarSources().flatMap(({ source, text }) => draftsOf(source, text).map(finish));
}

function draftsOf(file: string, text: string): Draft[] {
  const drafts: Draft[] = [];
  let family = '';
  for (const [, word = '', rest = ''] of text.matchAll(/^\/\/@ (\w+) (.+)$/gm)) {
    const draft = drafts.at(-1);
    if (word === 'family') family = rest;
    else if (word === 'statement') drafts.push({ family, file, statement: rest, fields: new Map(), examples: [] });
    else if (draft === undefined) throw new Error(`${file}: @${word} stands before any @statement`);
    else if (word === 'example') draft.examples.push(rest);
    else if (known.has(word) && !draft.fields.has(word)) draft.fields.set(word, rest);
    else throw new Error(`${file}: @${word} of ${draft.statement} is unknown or given twice`);
  }
  return drafts;
}

function finish({ family, file, statement, fields, examples }: Draft): StatementEntry {
  const status = fields.get('status');
  const synopsis = fields.get('synopsis');
  if (
    family === '' ||
    synopsis === undefined ||
    examples.length === 0 ||
    (status !== 'supported' && status !== 'refused')
  )
    throw new Error(`${file}: ${statement} needs a family, a synopsis, a status and an example`);
  return {
    family,
    file,
    statement,
    synopsis,
    since: fields.get('since') ?? null,
    status,
    note: fields.get('note') ?? null,
    examples,
  };
}

const head = `# Statements

<!-- Written by grammar/reference.ts from the annotations in the .peggy files; do not edit. -->

OceanBase's own statements, as the compiled grammar reads them. Each family is one file; \`compile.ts\` joins them with a rule
for every keyword and writes \`compiled/statements.js\`. \`[ ]\` is optional, \`{ }\` repeats, \`|\` chooses.

A *refused* statement parses and is answered with 1235 (1210 where OceanBase says so), so that nothing is accepted and not
done. *Since* is the first release that has the statement; an older one refuses it by name, or does not know it.
`;

/** The text of README.md. */
export function referenceText(): string {
  const entries = statementEntries();
  const families = [...new Set(entries.map(({ family }) => family))];
  return [head, ...families.map((family) => section(family, entries))].join('\n');
}

function section(family: string, entries: readonly StatementEntry[]): string {
  const rows = entries.filter((entry) => entry.family === family);
  const cell = (text: string) => text.replaceAll('|', '\\|');
  const lines = rows.map(({ statement, status, since, synopsis, note }) => {
    const remark = note === null ? '' : `<br>${note}`;
    return `| ${cell(statement)} | ${status} | ${since ?? ''} | \`${cell(synopsis)}\`${cell(remark)} |`;
  });
  const examples = rows.flatMap((row) => row.examples);
  return `## ${family}

| Statement | Status | Since | Synopsis |
|---|---|---|---|
${lines.join('\n')}

\`\`\`sql
${examples.join('\n')}
\`\`\`
`;
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, 'README.md');
  const text = referenceText();
  if (!process.argv.includes('--check')) writeFileSync(path, text);
  else if (readFileSync(path, 'utf8') !== text) {
    process.stderr.write('grammar/README.md is out of date: node grammar/reference.ts\n');
    process.exitCode = 1;
  }
}
