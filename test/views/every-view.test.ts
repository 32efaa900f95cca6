import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { knownReleases, parseRelease } from '../../src/base/release.ts';
import type { Catalog } from '../../src/catalog/catalog.ts';
import { createViews, type TenantKind, type Views, viewSchema } from '../../src/catalog/view-reader.ts';
import { internalViews } from '../../views/internal.ts';
import { mediaViews } from '../../views/media.ts';
import { proofViews } from '../../views/proof.ts';
import { viewReference } from '../../views/reference.ts';
import { openScratchCatalog, type ScratchCatalog } from '../catalog/scratch.ts';

/** Facts of the base release: [name, MySQL type, Null] and [name, Oracle type], in SELECT * order. */
interface GoldenView {
  readonly sys: boolean;
  readonly mysql: boolean;
  readonly oracle: boolean;
  readonly columns: readonly (readonly [string, string, 'YES' | 'NO'])[];
  readonly oracleColumns?: readonly (readonly [string, string])[];
}

const read = <T>(name: string) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as T;
const golden = read<Readonly<Record<string, GoldenView>>>('./golden-4.2.1.json');
const counts = read<Readonly<Record<string, Readonly<Record<string, number>>>>>('./golden-counts.json');
/** Views beyond the reference, which holds those of backup, restore and their neighbours. */
const ours = [...proofViews, ...mediaViews, ...internalViews].flatMap(({ names }) => Object.values(names) as string[]);
const extra = ['CDB_OB_SYS_VARIABLES', 'DBA_OB_SYS_VARIABLES', 'GV$OB_SERVERS', 'V$OB_SERVERS', ...ours];
const kinds: readonly TenantKind[] = ['sys', 'mysql', 'oracle'];

let scratch: ScratchCatalog;
let catalog: Catalog;
let views: Views;

beforeAll(() => {
  scratch = openScratchCatalog();
  catalog = scratch.catalog;
  views = createViews(catalog.release, catalog);
});
afterAll(() => scratch.remove());

describe('release 4.2.1', () => {
  test.each(kinds)('%s tenants see exactly the known views', (kind) => {
    const expected = Object.keys(golden).filter((name) => golden[name]![kind]);
    const seen = views.names(kind).map(({ name }) => name);
    expect(seen.filter((name) => !extra.includes(name)).sort()).toEqual(expected.sort());
  });

  test.each(['sys', 'mysql'] as const)('columns, types and nulls of the views of %s tenants', (kind) => {
    for (const { name, columns } of views.names(kind)) {
      if (extra.includes(name)) continue;
      const seen = columns.map((column) => [column.name, column.typeText, column.nullable ? 'YES' : 'NO']);
      expect(seen, name).toEqual(golden[name]!.columns);
    }
  });

  test('columns and types of Oracle mode', () => {
    for (const { name, columns } of views.names('oracle')) {
      if (extra.includes(name)) continue;
      const seen = columns.map((column) => [column.name, column.typeText]);
      expect(seen, name).toEqual(golden[name]!.oracleColumns);
    }
  });
});

/** Of the latest releases the counts are not known. */
const counted = knownReleases.filter((release) => Object.values(counts).some((byRelease) => release in byRelease));

test.each(counted)('release %s has the right views with the right number of columns', (release) => {
  const seen = Object.fromEntries(
    createViews(parseRelease(release), catalog)
      .names('sys')
      .filter(({ name }) => !extra.includes(name))
      .map(({ name, columns }) => [name, columns.length]),
  );
  const expected = Object.entries(counts)
    .filter(([, byRelease]) => (byRelease[release] ?? 0) > 0)
    .map(([name, byRelease]) => [name, byRelease[release]]);
  expect(seen).toEqual(Object.fromEntries(expected));
});

test.each(kinds)('every view of %s tenants runs in every release, with offset and with named zones', (kind) => {
  const binds = { tenantId: kind === 'sys' ? 1 : 1002, nowUs: 1_700_000_000_000_000 };
  for (const release of knownReleases) {
    const all = createViews(parseRelease(release), catalog);
    for (const [zoneKind, timeZone] of [
      ['offset', '+08:00'],
      ['named', 'Europe/Berlin'],
    ] as const) {
      const provider = all.schemaProvider(kind, zoneKind);
      for (const { name, schema } of all.names(kind)) {
        const source = provider.table(schema, name)!;
        const statement = all.readConnection.prepare(source.sql);
        expect(
          statement.columns().map((column) => column.name),
          name,
        ).toEqual([
          ...source.columns.map((column) => column.name),
          ...source.columns.flatMap(({ moment }) => moment ?? []),
        ]);
        statement.all({ ...binds, timeZone });
      }
    }
  }
});

test('lookups ignore case and know their database', () => {
  const provider = views.schemaProvider('sys', 'offset');
  expect(provider.table('OceanBase', 'cdb_ob_backup_jobs')).toBe(provider.table('oceanbase', 'CDB_OB_BACKUP_JOBS'));
  expect(provider.table('oceanbase', 'no_such_view')).toBeNull();
  expect(provider.table('test', 'CDB_OB_BACKUP_JOBS')).toBeNull();
  expect(provider.hasDatabase('OCEANBASE')).toBe(true);
  expect(provider.hasDatabase('sys')).toBe(false);
  expect(viewSchema('oracle')).toBe('sys');
  expect(views.schemaProvider('oracle', 'offset').hasDatabase('SYS')).toBe(true);
  expect(views.schemaProvider('mysql', 'offset').table('oceanbase', 'CDB_OB_BACKUP_JOBS')).toBeNull();
});

test('the reference page is up to date, and README names as many views', () => {
  const textOf = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
  const page = viewReference();
  expect(textOf('views/README.md')).toBe(page);
  expect(textOf('README.md')).toContain(`| Views | ${/: (\d+) views/.exec(page)?.[1]} names `);
});
