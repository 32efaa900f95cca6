import type { ColumnType } from '../src/value/column-type.ts';

/**
 * What may be asked: a view is data. Its rows come from the catalog's tables, its columns are SQLite expressions over
 * them with these macros (see `src/catalog/view-macros.ts`): `$ts(us)`, `$local(us)`, `$scn(scn)`, `$bytes(n)`, `$ratio(out, in)`,
 * `$rate(out, start, end)`, `$seconds(start, end)`, `$percent(done, total)`, `$share(done, total)`, `$yesno(flag)`,
 * `$onoff(flag)`, `$now()`.
 */
export interface ViewFamily {
  readonly names: ViewNames;
  /**
   * `tenant`: the CDB face shows every row, the DBA face those of the session's tenant. `visible`: sys sees every row, a
   * user tenant its own. `own`: the session's tenant only. `cluster`: sys only, all rows.
   */
  readonly rows: 'tenant' | 'visible' | 'own' | 'cluster';
  /** One line for the reference page. */
  readonly about: string;
  /** FROM clause: tables or a sub-query; null for a view without a source, which is always empty. */
  readonly from: string | null;
  readonly where?: string;
  /** Column of the tenant filter, `tenant_id` by default. Rows without a tenant are visible to everybody. */
  readonly tenant?: string;
  readonly columns: readonly ViewColumn[];
  /** First releases that have the view, one per release line; in every release when absent. */
  readonly since?: readonly string[];
  /** Column order of Oracle mode where it differs. */
  readonly oracleOrder?: readonly string[];
}

/** The faces of a view. CDB exists in sys only, DBA of a `cluster` view too; all others exist in every tenant. */
export interface ViewNames {
  readonly cdb?: string;
  readonly dba?: string;
  readonly gv?: string;
  readonly v?: string;
}

export interface ViewColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** SQLite expression; the column of the same name in lower case when absent. */
  readonly expr: string;
  /** The Null column of DESC. V$ faces never say YES. */
  readonly nullable: boolean;
  /** Type text of Oracle mode. */
  readonly oracle: string;
  /** TENANT_ID of views whose DBA face leaves it out. */
  readonly cdbOnly: boolean;
  readonly since?: readonly string[];
  /** Where the DBA face got the column later than the CDB face. */
  readonly sinceDba?: readonly string[];
  /** The expression of releases before another one. */
  readonly before?: { readonly release: string; readonly expr: string };
}

/** What a column may say besides name and type. */
export type ColumnOptions = Partial<Omit<ViewColumn, 'name' | 'type'>>;

/** A column; what is not said follows from name and type. */
export function column(name: string, type: ColumnType, options: ColumnOptions = {}): ViewColumn {
  return Object.freeze({
    name,
    type,
    expr: name.toLowerCase(),
    nullable: false,
    oracle: oracleType(type),
    cdbOnly: false,
    ...options,
  });
}

/** A view. */
export function view(family: ViewFamily): ViewFamily {
  return Object.freeze(family);
}

/** The Oracle type most columns of a MySQL type have. */
function oracleType(type: ColumnType): string {
  switch (type.name) {
    case 'decimal':
      return 'NUMBER';
    case 'varchar':
      return `VARCHAR2(${type.length})`;
    case 'longtext':
    case 'text':
      return 'CLOB';
    case 'timestamp':
      return 'VARCHAR2(256)';
    case 'datetime':
      return 'TIMESTAMP(9)';
    default:
      return 'NUMBER(38)';
  }
}
