import { writeFileSync } from 'node:fs';
import { parseRelease } from '../src/base/release.ts';
import { createViews, inRelease } from '../src/catalog/view-reader.ts';
import { formatTypeText } from '../src/value/column-storage.ts';
import { viewFamilies } from './families.ts';
import type { ViewColumn, ViewFamily } from './view-family.ts';

/** The reference page of the views, made from the view files: `node views/reference.ts`. */
export function viewReference(): string {
  const head = [
    '# Views',
    '',
    'Made by `node views/reference.ts` from the files beside it; do not edit.',
    '',
    'CDB faces exist in the system tenant only. DBA faces show the rows of the session’s tenant and leave `TENANT_ID` out',
    'where it is marked *CDB*. `GV$` and `V$` faces show the system tenant every row and a user tenant its own. MySQL-mode',
    'tenants find views in the database `oceanbase`, Oracle-mode tenants in `SYS`. Types are those `DESC` prints in MySQL',
    'mode.',
    '',
    `In release 4.2.1: ${countViews('4.2.1')} views in the system tenant.`,
    '',
  ];
  return [...head, ...viewFamilies.flatMap(section)].join('\n');
}

function countViews(release: string): number {
  return createViews(parseRelease(release), { readDatabase: null as never, holdRead: () => undefined }).names('sys')
    .length;
}

function section(family: ViewFamily): readonly string[] {
  const { cdb, dba, gv, v } = family.names;
  const names = [cdb, dba, gv, v].filter((name) => name !== undefined);
  const since = family.since ? [`Releases: ${releases(family.since)}.`, ''] : [];
  const who = family.rows === 'cluster' ? ['System tenant only.', ''] : [];
  return [
    `## ${names.join(', ')}`,
    '',
    family.about,
    '',
    ...who,
    ...since,
    '| Column | Type | Null | Notes |',
    '|---|---|---|---|',
    ...family.columns.map(row),
    '',
  ];
}

function row(column: ViewColumn): string {
  const notes = [
    column.cdbOnly ? '*CDB*' : '',
    column.since ? releases(column.since) : '',
    column.sinceDba ? `DBA: ${releases(column.sinceDba)}` : '',
  ].filter((note) => note !== '');
  const type = formatTypeText(column.type);
  return `| ${column.name} | ${type} | ${column.nullable ? 'YES' : 'NO'} | ${notes.join('; ')} |`;
}

function releases(since: readonly string[]): string {
  const known = since.filter((entry) => inRelease(parseRelease('4.3.3'), [entry]) || entry < '4.4');
  return `from ${known.join(' and ')}`;
}

if (import.meta.main) writeFileSync(new URL('README.md', import.meta.url), viewReference());
