import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Client, print, type Row, RunbookFailure } from './transcript.ts';

/** One statement of a runbook. */
interface Step {
  /** Login of the client that says it. */
  readonly as: string;
  readonly sql: string;
  /** Repeat the query until this column of its first row has this value. */
  readonly until: { readonly column: string; readonly value: string } | null;
  /** The error it must end with. */
  readonly errno: number | null;
}

/** A `.sql` file that a person can copy from and a script can perform, section by section. */
export interface SqlRunbook {
  /**
   * Performs a section and gives the rows of its last query. What stands in `words` is replaced in the text first: moments and
   * names that are known only while the runbook runs.
   */
  perform(
    section: string,
    clients: readonly Client[],
    words?: Readonly<Record<string, string>>,
  ): Promise<readonly Row[]>;
}

/**
 * Reads `examples/<name>.sql`. Sections begin with `-- == title`; in them `-- As root@sys:` names who speaks, `-- Repeat until
 * STATUS is DOING:` and `-- Refused with 4369:` say what must come of the next statement. Paths under `/backup/` are moved
 * below `scratch`.
 */
export function openSqlRunbook(name: string, scratch: string): SqlRunbook {
  const sections = parseRunbook(readFileSync(join(import.meta.dirname, `${name}.sql`), 'utf8'));
  return {
    async perform(section, clients, words = {}) {
      const steps = sections.get(section);
      if (steps === undefined) throw new RunbookFailure(`${name}.sql has no section '${section}'`);
      const unused = new Set(Object.keys(words));
      let rows: readonly Row[] = [];
      print(`\n== ${section}`);
      for (const step of steps) {
        const client = clients.find((one) => one.name === step.as);
        if (client === undefined) throw new RunbookFailure(`${name}.sql: nobody is connected as ${step.as}`);
        let sql = step.sql.replaceAll('file:///backup/', `file://${scratch}/backup/`);
        for (const [word, value] of Object.entries(words)) {
          if (sql.includes(word)) unused.delete(word);
          sql = sql.replaceAll(word, value);
        }
        rows = await performStep(client, { ...step, sql });
      }
      if (unused.size > 0) throw new RunbookFailure(`${name}.sql: ${section} does not name ${[...unused].join(', ')}`);
      return rows;
    },
  };
}

async function performStep(client: Client, { sql, until, errno }: Step): Promise<readonly Row[]> {
  const as = sql.replaceAll(/(IDENTIFIED BY|ENCRYPTED BY) '[^']*'/g, "$1 '******'");
  if (errno !== null) {
    await client.refused(sql, errno, as);
    return [];
  }
  if (until === null) return client.run(sql, { as });
  return client.until(sql, (rows) => {
    const found = String(rows[0]?.[until.column] ?? '');
    if (/^(FAILED|FAIL|CANCELED)$/.test(found) && found !== until.value)
      throw new RunbookFailure(`${sql}: ${JSON.stringify(rows[0])}`);
    return found === until.value;
  });
}

/** The statements of each section, in order. */
export function parseRunbook(text: string): ReadonlyMap<string, readonly Step[]> {
  const sections = new Map<string, Step[]>();
  let steps: Step[] = [];
  let next = { as: '', until: null as Step['until'], errno: null as Step['errno'] };
  let sql: string[] = [];
  for (const line of text.split('\n')) {
    const title = /^-- == (.+)$/.exec(line)?.[1];
    const as = /^-- As (\S+):$/.exec(line)?.[1];
    const until = /^-- Repeat until (\w+) is (.+):$/.exec(line);
    const errno = /^-- Refused with (\d+)/.exec(line)?.[1];
    if (title !== undefined) {
      steps = [];
      sections.set(title, steps);
    } else if (as !== undefined) next.as = as;
    else if (until !== null) next.until = { column: until[1] ?? '', value: until[2] ?? '' };
    else if (errno !== undefined) next.errno = Number(errno);
    else if (line.trim() !== '' && !line.startsWith('--')) {
      sql.push(line);
      if (!line.trimEnd().endsWith(';')) continue;
      steps.push({ ...next, sql: sql.join('\n').replace(/;\s*$/, '') });
      sql = [];
      next = { as: next.as, until: null, errno: null };
    }
  }
  return sections;
}
