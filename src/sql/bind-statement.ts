import { fault } from '../base/errors.ts';
import type { Cell } from '../value/column-type.ts';
import type { ObStatement, ObStatementKind } from './statement.ts';

/** A prepared statement of the compiled grammar: typed but for the places of its values. */
export interface UnboundStatement {
  readonly kind: ObStatementKind;
  /** Read by `bindStatement` only. */
  readonly template: unknown;
  /** Offsets of the placeholders, ascending; their number is the number of parameters. */
  readonly places: readonly number[];
}

/** Where `?` stood: its offset in the text and what its value must be. */
interface Placeholder {
  readonly placeholder: number;
  readonly as: 'text' | 'name' | 'integer' | 'scn' | 'secret';
}

/**
 * The statement with its values filled in. Throws OB_INVALID_ARGUMENT for a wrong number of values,
 * for NULL and for a value of the wrong kind.
 */
export function bindStatement(statement: UnboundStatement, parameters: readonly Cell[]): ObStatement {
  const { places, template } = statement;
  if (parameters.length !== places.length) throw fault('OB_INVALID_ARGUMENT', 'EXECUTE');
  return fill(template, (place) =>
    boundValue(place, parameters[places.indexOf(place.placeholder)] ?? null),
  ) as ObStatement;
}

function fill(node: unknown, value: (place: Placeholder) => unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if ('placeholder' in node) return value(node as unknown as Placeholder);
  if (Array.isArray(node)) return Object.freeze(node.map((item) => fill(item, value)));
  const entries = Object.entries(node).map(([key, field]) => [key, fill(field, value)] as const);
  return Object.freeze(Object.fromEntries(entries));
}

function boundValue(place: Placeholder, cell: Cell): unknown {
  const text = textOf(cell);
  if (place.as === 'integer') return integerOf(text);
  if (place.as === 'scn') return scnOf(text);
  if (place.as === 'name' && text === '') throw fault('OB_INVALID_ARGUMENT');
  if (place.as === 'secret') return { kind: /^\*[0-9a-f]{40}$/i.test(text) ? 'hash' : 'text', text };
  return text;
}

function textOf(cell: Cell): string {
  if (cell === null) throw fault('OB_INVALID_ARGUMENT');
  return cell instanceof Uint8Array ? new TextDecoder().decode(cell) : String(cell);
}

function integerOf(text: string): number {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) throw fault('OB_INVALID_ARGUMENT');
  return value;
}

function scnOf(text: string): bigint {
  if (!/^\d{1,20}$/.test(text) || BigInt(text) > 0xffff_ffff_ffff_ffffn) throw fault('OB_INVALID_ARGUMENT');
  return BigInt(text);
}
