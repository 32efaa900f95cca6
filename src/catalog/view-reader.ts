import type Database from 'better-sqlite3';
import { viewFamilies } from '../../views/families.ts';
import type { ViewColumn, ViewFamily, ViewNames } from '../../views/view-family.ts';
import { atLeast, type Release } from '../base/release.ts';
import { type SchemaProvider, type SourceColumn, type TableSource, viewColumn } from '../sql/schema.ts';
import { formatTypeText } from '../value/column-storage.ts';
import type { ColumnType } from '../value/column-type.ts';
import type { Catalog } from './catalog.ts';
import { expandMacros, momentOf, type ZoneKind } from './view-macros.ts';

export type { ZoneKind } from './view-macros.ts';

/** What kind of tenant the session works in. */
export type TenantKind = 'sys' | 'mysql' | 'oracle';

/** A view as DESC and information_schema print it. */
export interface ViewDescription {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly {
    readonly name: string;
    readonly type: ColumnType;
    /** Type text of DESC. */
    readonly typeText: string;
    readonly nullable: boolean;
  }[];
}

/** Values of the named parameters every view query is run with. */
export interface ViewBinds {
  readonly tenantId: number;
  /** As in the session: `+08:00` or a zone name. */
  readonly timeZone: string;
  readonly nowUs: number;
}

/** The views of a release over a catalog. */
export interface Views {
  /** Sources for the translator; lookups ignore case, objects are shared between calls. */
  schemaProvider(tenantKind: TenantKind, zoneKind: ZoneKind): SchemaProvider;
  /** Every view such a tenant sees, by name. */
  names(tenantKind: TenantKind): readonly ViewDescription[];
  /** Where view queries run; only committed state is visible. */
  readonly readConnection: Database.Database;
  /** To be called before each query there, see `Catalog`. */
  holdRead(): void;
}

/** Database the views live in. */
export function viewSchema(tenantKind: TenantKind): 'oceanbase' | 'sys' {
  return tenantKind === 'oracle' ? 'sys' : 'oceanbase';
}

/** `offset` for `+08:00` and the like, `named` for everything else. */
export function zoneKindOf(timeZone: string): ZoneKind {
  return /^[+-]\d\d:\d\d$/.test(timeZone) ? 'offset' : 'named';
}

/** Builds the views of a release. Texts are made on first use of a view and kept. */
export function createViews(release: Release, catalog: Pick<Catalog, 'readDatabase' | 'holdRead'>): Views {
  const providers = new Map<string, SchemaProvider>();
  return Object.freeze({
    schemaProvider: (tenantKind: TenantKind, zoneKind: ZoneKind) => {
      const key = `${tenantKind} ${zoneKind}`;
      const known = providers.get(key);
      if (known) return known;
      const made = makeProvider(release, tenantKind, zoneKind);
      providers.set(key, made);
      return made;
    },
    names: (tenantKind: TenantKind) => describeViews(release, tenantKind),
    readConnection: catalog.readDatabase,
    holdRead: () => catalog.holdRead(),
  });
}

/** One face of a view family in one kind of tenant. */
interface Face {
  readonly name: string;
  readonly face: keyof ViewNames;
  readonly family: ViewFamily;
}

/** True when a thing that came with the given releases (one per release line) is in `release`. */
export function inRelease(release: Release, since: readonly string[] | undefined): boolean {
  if (since === undefined) return true;
  const line = (text: string) => text.split('.').slice(0, 2).join('.');
  const own = since.find((entry) => line(entry) === line(release.text));
  if (own !== undefined) return atLeast(release, own);
  return since.every((entry) => atLeast(release, entry));
}

/** The views a tenant of a kind has in a release, by name. */
export function viewFaces(release: Release, tenantKind: TenantKind): readonly Face[] {
  const faces = viewFamilies
    .filter((family) => inRelease(release, family.since))
    .flatMap((family) =>
      (Object.entries(family.names) as [keyof ViewNames, string][])
        .filter(([face]) => tenantKind === 'sys' || (face !== 'cdb' && family.rows !== 'cluster'))
        .map(([face, name]) => ({ name, face, family })),
    );
  return faces.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Columns of a face in the order SELECT * returns them. */
export function faceColumns(release: Release, tenantKind: TenantKind, { face, family }: Face): readonly ViewColumn[] {
  const present = family.columns.filter((column) => {
    if (face === 'dba' && column.cdbOnly) return false;
    return inRelease(release, face === 'dba' ? (column.sinceDba ?? column.since) : column.since);
  });
  const order = tenantKind === 'oracle' ? family.oracleOrder : undefined;
  if (!order) return present;
  return [...present].sort((a, b) => order.indexOf(a.name) - order.indexOf(b.name));
}

function makeProvider(release: Release, tenantKind: TenantKind, zoneKind: ZoneKind): SchemaProvider {
  const schema = viewSchema(tenantKind);
  const faces = new Map(viewFaces(release, tenantKind).map((face) => [face.name, face]));
  const sources = new Map<string, TableSource>();
  return Object.freeze({
    hasDatabase: (name: string) => name.toLowerCase() === schema,
    table: (database: string, name: string) => {
      const upper = name.toUpperCase();
      const face = faces.get(upper);
      if (database.toLowerCase() !== schema || !face) return null;
      const known = sources.get(upper);
      if (known) return known;
      const made = makeSource(release, tenantKind, zoneKind, face);
      sources.set(upper, made);
      return made;
    },
  });
}

function makeSource(release: Release, tenantKind: TenantKind, zoneKind: ZoneKind, face: Face): TableSource {
  const columns = faceColumns(release, tenantKind, face);
  return Object.freeze({
    schema: viewSchema(tenantKind),
    name: face.name,
    kind: 'view',
    sql: viewSql(release, tenantKind, zoneKind, face, columns),
    columns: columns.map((column) => sourceColumn(release, tenantKind, face, column)),
    primaryKey: [],
    uniqueKeys: [],
  });
}

function viewSql(
  release: Release,
  tenantKind: TenantKind,
  zoneKind: ZoneKind,
  face: Face,
  columns: readonly ViewColumn[],
): string {
  const { family } = face;
  const items = columns.map((column) => {
    const oracle = tenantKind === 'oracle' ? column.oracle : null;
    const expression = expandMacros(expressionOf(release, column), { zoneKind, oracle });
    const type = columnType(tenantKind, column);
    return `${isText(type) ? `(${expression}) COLLATE NOCASE` : expression} AS "${column.name}"`;
  });
  const moments = columns.flatMap((column) => {
    const us = momentSql(release, tenantKind, face, column);
    return us === null ? [] : [`${us} AS "${momentName(column)}"`];
  });
  if (family.from === null) return `SELECT ${columns.map(({ name }) => `NULL AS "${name}"`).join(', ')} WHERE 0`;
  const conditions = [family.where, tenantCondition(tenantKind, face)].filter((text) => text !== undefined);
  const where = conditions.length ? ` WHERE ${conditions.map((text) => `(${text})`).join(' AND ')}` : '';
  return `SELECT ${[...items, ...moments].join(', ')} FROM ${family.from}${where}`;
}

/** A column's expression in a release. */
function expressionOf(release: Release, { expr, before }: ViewColumn): string {
  return before && !atLeast(release, before.release) ? before.expr : expr;
}

/** The microseconds beside a column that shows a moment; null for every other column. */
function momentSql(release: Release, tenantKind: TenantKind, { family }: Face, column: ViewColumn): string | null {
  if (tenantKind === 'oracle' || family.from === null) return null;
  // Zones decide about texts only.
  return momentOf(expressionOf(release, column), { zoneKind: 'offset', oracle: null });
}

function momentName({ name }: ViewColumn): string {
  return `${name} us`;
}

/** Which rows the session sees; undefined for all. */
function tenantCondition(tenantKind: TenantKind, { face, family }: Face): string | undefined {
  const column = family.tenant ?? 'tenant_id';
  switch (family.rows) {
    case 'cluster':
      return undefined;
    case 'own':
      return `${column} = @tenantId`;
    case 'tenant':
      return face === 'dba' ? `${column} = @tenantId` : undefined;
    default:
      return tenantKind === 'sys' ? undefined : `${column} = @tenantId OR ${column} IS NULL`;
  }
}

function sourceColumn(release: Release, tenantKind: TenantKind, face: Face, column: ViewColumn): SourceColumn {
  return Object.freeze({
    ...viewColumn(column.name, columnType(tenantKind, column), isNullable(face, column)),
    ...(momentSql(release, tenantKind, face, column) === null ? {} : { moment: momentName(column) }),
  });
}

/** A V$ view selects from its GV$ twin, which is why DESC says NO for all its columns. */
function isNullable({ face, family }: Face, column: ViewColumn): boolean {
  return column.nullable && !(face === 'v' && family.names.gv !== undefined);
}

function isText(type: ColumnType): boolean {
  return type.name === 'varchar' || type.name === 'char' || type.name.endsWith('text');
}

/** The type a client reads: of Oracle types, the closest one the protocol has. */
function columnType(tenantKind: TenantKind, column: ViewColumn): ColumnType {
  if (tenantKind !== 'oracle') return column.type;
  const match = /^([A-Z0-9]+)(?:\((\d+)\))?( WITH LOCAL TIME ZONE)?$/.exec(column.oracle);
  switch (match?.[1]) {
    case 'NUMBER':
      return { name: 'decimal', precision: Number(match[2] ?? 65), scale: column.type.scale ?? 0 };
    case 'VARCHAR2':
      return { name: 'varchar', length: Number(match[2]) };
    case 'CLOB':
      return { name: 'longtext' };
    case 'TIMESTAMP':
      return match[3] ? { name: 'timestamp', scale: 6 } : { name: 'varchar', length: 29 };
    default:
      throw new Error(`no type for ${column.oracle}`);
  }
}

function describeViews(release: Release, tenantKind: TenantKind): readonly ViewDescription[] {
  return viewFaces(release, tenantKind).map((face) => ({
    schema: viewSchema(tenantKind),
    name: face.name,
    columns: faceColumns(release, tenantKind, face).map((column) => ({
      name: column.name,
      type: columnType(tenantKind, column),
      typeText: tenantKind === 'oracle' ? column.oracle : formatTypeText(column.type),
      nullable: isNullable(face, column),
    })),
  }));
}
