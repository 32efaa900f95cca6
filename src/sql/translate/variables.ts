import type { Cell, ColumnType } from '../../value/column-type.ts';
import type { AssignVariable } from '../ast/expression.ts';
import type { Query, TableExpression } from '../ast/query.ts';
import { asBytes, asCharacters, asExact, asNumber, asText } from './convert.ts';
import { call, type Fragment, quoteText, raw, sql } from './fragment.ts';
import type { Place } from './scope.ts';
import { type TranslateEnv, unsupported } from './statement.ts';
import {
  bigint,
  decimal,
  double,
  isWhole64,
  kindOf,
  type Typed,
  typed,
  unsignedBigint,
  varbinary,
  varchar,
} from './typed.ts';
import { variableKind } from './value-kind.ts';
import { wideValue } from './wide.ts';

/**
 * User variables that a statement assigns while it runs. Their values live with the run (`FunctionContext.variables`), so that
 * they are read and set row by row; the types they are read with are found by planning until these no longer change.
 */

/** How a variable is read; `any` as long as nothing but NULL was assigned. */
export type VariableForm = 'any' | 'integer' | 'unsigned' | 'decimal' | 'double' | 'text' | 'bytes';

interface VariableType {
  readonly form: VariableForm;
  readonly scale: number;
}

/** What a plan knows of the variables its statement assigns. */
export interface Assigning {
  readonly known: ReadonlyMap<string, VariableType>;
  readonly found: Map<string, VariableType>;
  /** Queries whose rows come one after the other to the end: where an assignment may stand in the list. */
  readonly blocks: ReadonlySet<object>;
  /** Assignments met so far, to tell them apart in the text. */
  count: number;
}

/** A planner met the first assignment of a statement. */
class AssignmentMet extends Error {}

const mostPasses = 3;

/** Plans a statement; once more for each type of a variable that turns out to be another one. */
export function withAssignments<T>(tree: unknown, env: TranslateEnv, make: (env: TranslateEnv) => T): T {
  try {
    return make(env);
  } catch (error) {
    if (!(error instanceof AssignmentMet)) throw error;
  }
  if (!env.userVariables) throw unsupported('assignment of a user variable in a query over views of the server is');
  const blocks = new Set(blocksOf(tree));
  let known = new Map([...assignedNames(tree)].map((name) => [name, typeOfCell(env.userVariables![name])]));
  for (let pass = 1; ; pass++) {
    const found = new Map(known);
    const made = make({ ...env, assigning: { known, found, blocks, count: 0 } });
    if (pass > mostPasses || [...found].every(([name, type]) => same(type, known.get(name)!))) return made;
    // A scale that grows with every turn is none.
    const last = pass === mostPasses;
    known = new Map([...found].map(([name, type]) => [name, last && !same(type, known.get(name)!) ? loose : type]));
  }
}

const loose: VariableType = { form: 'double', scale: 0 };

const same = (a: VariableType, b: VariableType): boolean => a.form === b.form && a.scale === b.scale;

function typeOfCell(cell: Cell | undefined): VariableType {
  const kind = variableKind(cell);
  return { form: kind === 'null' ? 'any' : kind, scale: 0 };
}

/** The select blocks whose lists are evaluated row by row: the outermost, and those in FROM of such. */
function blocksOf(tree: unknown): readonly object[] {
  const { query } = tree as { readonly query?: Query | null };
  return query ? blocksIn(query) : [];
}

function blocksIn(query: Query): readonly object[] {
  if (query.kind !== 'select' || query.with !== null) return [];
  const from = (item: TableExpression): readonly object[] =>
    item.kind === 'derived'
      ? blocksIn(item.query)
      : item.kind === 'join'
        ? [...from(item.left), ...from(item.right)]
        : [];
  return [query, ...query.from.flatMap(from)];
}

function assignedNames(node: unknown): Set<string> {
  const names = new Set<string>();
  walk(node, (assignment) => names.add(assignment.name));
  return names;
}

/** True when a tree assigns a variable somewhere. */
export function assigns(node: unknown): boolean {
  let met = false;
  walk(node, () => {
    met = true;
  });
  return met;
}

function walk(node: unknown, visit: (assignment: AssignVariable) => void): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (typeof node === 'object' && node !== null && !(node instanceof Uint8Array)) {
    if ('kind' in node && node.kind === 'assignVariable') visit(node as AssignVariable);
    for (const value of Object.values(node)) walk(value, visit);
  }
}

/** `@name := value`, translated; where the order of evaluation is MySQL's. */
export function assignVariable(name: string, value: Typed, place: Place): Typed {
  const { env, variableKinds } = place.translation;
  const { assigning } = env;
  if (!assigning) throw new AssignmentMet();
  if (!place.assigns) throw unsupported('assignment of a user variable at this place is');
  variableKinds.set(name, variableKind(env.userVariables?.[name]));
  const type = typeOf(value);
  assigning.found.set(name, merged(assigning.found.get(name)!, type));
  assigning.count++;
  const assigned = (given: Fragment) =>
    call('my_assign', raw(String(assigning.count)), raw(quoteText(name)), given, raw(quoteText(type.form)));
  const more = {
    nullable: value.nullable,
    ...(value.collating ? { collating: { ...value.collating, declared: false } } : {}),
  };
  return ofForm(type, assigned(givenForm(value, type)), value.type, more);
}

/** `@name` in a statement that assigns it; null in any other. */
export function assignedVariable(name: string, place: Place): Typed | null {
  const { env, variableKinds } = place.translation;
  const type = env.assigning?.known.get(name);
  if (!type) return null;
  variableKinds.set(name, variableKind(env.userVariables?.[name]));
  const value = call('my_variable', raw(quoteText(name)), raw(quoteText(type.form)));
  if (type.form !== 'any') return ofForm(type, value, varchar(16383), {});
  return {
    ...typed(value, varchar(16383), { unknown: true }),
    collating: { order: 'folded', strength: 4, declared: false },
  };
}

function typeOf(value: Typed): VariableType {
  if (value.unknown) return { form: 'text', scale: 0 };
  switch (kindOf(value)) {
    case 'null':
      return { form: 'any', scale: 0 };
    case 'integer':
      return { form: isWhole64(value) ? 'unsigned' : 'integer', scale: 0 };
    case 'decimal':
      return { form: 'decimal', scale: value.type.scale ?? 0 };
    case 'double':
      return { form: 'double', scale: 0 };
    case 'binary':
      return { form: 'bytes', scale: 0 };
    default:
      return { form: 'text', scale: 0 };
  }
}

const numbers: readonly VariableForm[] = ['integer', 'unsigned', 'decimal', 'double'];

function merged(a: VariableType, b: VariableType): VariableType {
  if (a.form === 'any') return b;
  if (b.form === 'any' || a.form === b.form) return { form: a.form, scale: Math.max(a.scale, b.scale) };
  if (!numbers.includes(a.form) || !numbers.includes(b.form)) return { form: 'text', scale: 0 };
  if (a.form === 'double' || b.form === 'double') return loose;
  return { form: 'decimal', scale: Math.max(a.scale, b.scale) };
}

function givenForm(value: Typed, { form, scale }: VariableType): Fragment {
  switch (form) {
    case 'integer':
    case 'unsigned':
      return value.sql;
    case 'decimal':
      return call('my_decimal_text', asExact(value), raw(String(scale)));
    case 'double':
      return sql`(${asNumber(value)} * 1.0)`;
    case 'bytes':
      return asBytes(value);
    case 'text':
      return kindOf(value) === 'text' ? asCharacters(value) : asText(value);
    default:
      return raw('NULL');
  }
}

/** A value of a form; texts keep the length and collation of `like`. */
function ofForm({ form, scale }: VariableType, value: Fragment, like: ColumnType, more: Partial<Typed>): Typed {
  const { nullable = true } = more;
  switch (form) {
    case 'integer':
      return typed(value, bigint, { nullable });
    case 'unsigned':
      return typed(value, unsignedBigint, { nullable });
    case 'double':
      return typed(value, double, { nullable });
    case 'decimal':
      return scale === 0
        ? wideValue(value, decimal(65, 0), { nullable })
        : typed(sql`CAST(${value} AS NUMERIC)`, decimal(65, scale), { nullable, exact: value });
    case 'bytes':
      return typed(value, varbinary(like.length ?? 16383), more);
    case 'any':
      return typed(value, { name: 'null' }, { nullable: true });
    case 'text': {
      const { collation } = like;
      return typed(
        value,
        { ...varchar(like.length ?? 16383), ...(collation === undefined ? {} : { collation }) },
        more,
      );
    }
  }
}

/** Refuses a text in which an assignment would run more than once. */
export function assignedOnce(text: string): void {
  const seen = new Set<string>();
  for (const [, number] of text.matchAll(/my_assign\((\d+),/g)) {
    if (seen.has(number!)) throw unsupported('assignment of a user variable inside of this expression is');
    seen.add(number!);
  }
}

/** Rows that are made once, one after the other, whatever is done with them. */
export function inOrder(rows: Fragment, name: string): Fragment {
  return sql`(WITH ${name}_rows AS MATERIALIZED (${rows}) SELECT * FROM ${name}_rows)`;
}
