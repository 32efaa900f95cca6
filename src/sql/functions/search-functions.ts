import { foldGeneral, generalKey } from '../../value/general-ci.ts';
import {
  define,
  type FunctionDefinition,
  type Given,
  integer,
  many,
  num,
  returns,
  type SqlValue,
  str,
} from './definition.ts';

const collating = { ...integer, collates: true } as const;

/** Position from 1 of one text in another, 0 when it is not there; letters in any case unless bytes are given. */
function position(piece: Given, text: Given, from: number): number {
  if (text instanceof Uint8Array || piece instanceof Uint8Array)
    return Buffer.from(text as Uint8Array).indexOf(Buffer.from(piece as Uint8Array), from - 1) + 1;
  // One unit for each character.
  const whole = foldGeneral(str(text));
  if (from < 1 || from > whole.length + 1) return 0;
  return whole.indexOf(foldGeneral(str(piece)), from - 1) + 1;
}

function sameText(a: Given, b: Given): boolean {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b) === 0;
  return generalKey(str(a)) === generalKey(str(b));
}

function compareText(a: Given, b: Given): number {
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b);
  const [left, right] = [generalKey(str(a)), generalKey(str(b))];
  return left < right ? -1 : left > right ? 1 : 0;
}

function field(args: readonly SqlValue[]): number {
  const [wanted, ...list] = args;
  if (wanted === null || wanted === undefined) return 0;
  const index = list.findIndex((item) =>
    item === null
      ? false
      : typeof wanted === 'string' || wanted instanceof Uint8Array
        ? sameText(wanted, item)
        : typeof wanted === 'bigint' && typeof item === 'bigint'
          ? wanted === item
          : num(wanted) === num(item),
  );
  return index + 1;
}

export const searchFunctions: readonly FunctionDefinition[] = [
  define(
    'locate',
    [2, 3],
    ['text', 'text', 'integer'],
    returns.bigint,
    ([piece, text, from]) => position(piece!, text!, from === undefined ? 1 : num(from)),
    collating,
  ),
  define('instr', [2, 2], ['text'], returns.bigint, ([text, piece]) => position(piece!, text!, 1), collating),
  define('strcmp', [2, 2], ['text'], returns.int, ([a, b]) => compareText(a!, b!), collating),
  {
    name: 'field',
    least: 2,
    most: many,
    kinds: ['raw'],
    result: returns.bigint,
    runNulls: field,
    integer: true,
  },
  define(
    'find_in_set',
    [2, 2],
    ['characters'],
    returns.bigint,
    ([wanted, list]) =>
      str(list) === ''
        ? 0
        : str(list)
            .split(',')
            .findIndex((item) => sameText(wanted!, item)) + 1,
    integer,
  ),
  {
    name: 'elt',
    least: 2,
    most: many,
    kinds: ['integer', 'characters'],
    result: returns.text(1024),
    runNulls: ([index, ...list]) => (index === null ? null : (list[num(index) - 1] ?? null)),
  },
  {
    name: 'make_set',
    least: 2,
    most: many,
    kinds: ['bits', 'characters'],
    result: returns.text(1024),
    runNulls: ([bits, ...list]) =>
      bits === null
        ? null
        : list
            .filter((item, index) => item !== null && (BigInt(bits as bigint) >> BigInt(index)) & 1n)
            .map(str)
            .join(','),
  },
  {
    name: 'export_set',
    least: 3,
    most: 5,
    kinds: ['bits', 'characters', 'characters', 'characters', 'integer'],
    result: returns.longtext,
    run: ([bits, on, off, separator, count]) => {
      const size = Math.min(64, count === undefined ? 64 : num(count));
      const pick = (index: number) => ((BigInt(bits as bigint) >> BigInt(index)) & 1n ? str(on) : str(off));
      return Array.from({ length: size }, (_, index) => pick(index)).join(
        separator === undefined ? ',' : str(separator),
      );
    },
  },
];
