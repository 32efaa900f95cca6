import { fault } from '../../base/errors.ts';
import type { Cell } from '../../value/column-type.ts';
import type { Literal } from '../ast/expression.ts';
import type { ObjectName } from '../ast/name.ts';
import type { SchemaProvider } from '../schema.ts';
import type { Plan } from './plan.ts';
import type { ValueKind } from './value-kind.ts';
import type { Assigning } from './variables.ts';

/** What a translation is made under. */
export interface TranslateEnv {
  readonly schema: SchemaProvider;
  /** Current database. */
  readonly database: string | null;
  readonly sqlMode: string;
  /** Collation of the connection: how literals compare. */
  readonly collation: string;
  /** Kinds of the parameters the statement runs with; absent while it is only prepared. */
  readonly parameterKinds?: readonly ValueKind[];
  /** Those of the session, by name; absent where their types do not matter. */
  readonly userVariables?: Readonly<Record<string, Cell>>;
  /** The statement assigns user variables; see variables.ts. */
  readonly assigning?: Assigning;
  /** Long loops call `my_tick` now and then; see tick.ts. */
  readonly ticks?: boolean;
}

/** The state of one translation; everything the plan needs beside its text is gathered here. */
export interface Translation {
  readonly env: TranslateEnv;
  /** Division by zero is an error, wherever it stands in the statement. */
  readonly strictDivision: boolean;
  /** Numbers the SQLite aliases, so that none shadows another. */
  aliases: number;
  parameterCount: number;
  volatile: boolean;
  readonly fixed: Map<number, string>;
  readonly named: Set<string>;
  readonly variableKinds: Map<string, ValueKind>;
  readonly uses: { readonly table: ObjectName; readonly privilege: 'SELECT' | 'INSERT' | 'UPDATE' | 'DELETE' }[];
}

/** `write` is an INSERT, REPLACE or UPDATE: a strict sql_mode lets none of them divide by zero, but with IGNORE. */
export function newTranslation(env: TranslateEnv, write: { readonly ignore: boolean } | null = null): Translation {
  return {
    env,
    strictDivision: write !== null && !write.ignore && forbidsZeroDivisors(env.sqlMode),
    aliases: 0,
    parameterCount: 0,
    volatile: false,
    fixed: new Map(),
    named: new Set(),
    variableKinds: new Map(),
    uses: [],
  };
}

function forbidsZeroDivisors(sqlMode: string): boolean {
  return /ERROR_FOR_DIVISION_BY_ZERO|TRADITIONAL/i.test(sqlMode) && /STRICT_|TRADITIONAL/i.test(sqlMode);
}

/** A new SQLite alias. */
export function newAlias(translation: Translation): string {
  translation.aliases++;
  return `t${translation.aliases}`;
}

/** How a slot's value is written in `fixedSlots`. */
export function slotText(value: Literal['value']): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : String(value);
}

/** Notes that the text holds only for this value of the literal. */
export function fixSlot(translation: Translation, literal: Literal): void {
  if (literal.slot >= 0) translation.fixed.set(literal.slot, slotText(literal.value));
}

/** Fixes every literal inside of a tree: its text shows in a label or shapes the plan. */
export function fixLiterals(translation: Translation, node: unknown): void {
  if (Array.isArray(node)) for (const item of node) fixLiterals(translation, item);
  else if (typeof node === 'object' && node !== null && !(node instanceof Uint8Array)) {
    if ('kind' in node && node.kind === 'literal') fixSlot(translation, node as Literal);
    else for (const value of Object.values(node)) fixLiterals(translation, value);
  }
}

export function usesTable(
  translation: Translation,
  table: ObjectName,
  privilege: Plan['uses'][number]['privilege'],
): void {
  const known = translation.uses.some(
    (use) => use.table.name === table.name && use.table.schema === table.schema && use.privilege === privilege,
  );
  if (!known) translation.uses.push({ table, privilege });
}

/** Refusal of something MySQL has: `feature` completes "… not supported". */
export function unsupported(feature: string): Error {
  return fault('OB_NOT_SUPPORTED', feature);
}
