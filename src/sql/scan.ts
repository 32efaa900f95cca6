import type { Literal } from './ast/expression.ts';
import { isSpace } from './scan/characters.ts';
import {
  BIT,
  BROKEN,
  DECIMAL,
  DOUBLE,
  END,
  HEX,
  INTEGER,
  OPERATOR,
  PARAMETER,
  Scanner,
  type ScanOptions,
  STRING,
  WORD,
} from './scan/scanner.ts';

/** One literal of a text: what a cached plan binds. */
export interface ScannedLiteral {
  readonly type: Literal['type'];
  readonly value: string | Uint8Array;
  readonly start: number;
  readonly end: number;
}

export interface Normalised {
  /**
   * The text without comments and with every literal replaced by `?` and a letter for its type, so that only statements
   * of the same shape share a key. A placeholder of the text is `??`. NULL, TRUE and FALSE stay words.
   */
  readonly key: string;
  /** In text order; the n-th is slot n of the tree. */
  readonly literals: readonly ScannedLiteral[];
}

/** The type of a literal by the kind of its token. */
export const literalTypes: Readonly<Record<number, Literal['type']>> = {
  [STRING]: 'string',
  [INTEGER]: 'integer',
  [DECIMAL]: 'decimal',
  [DOUBLE]: 'double',
  [HEX]: 'hex',
  [BIT]: 'bit',
};
const tags: Readonly<Record<number, string>> = {
  [STRING]: '?s',
  [INTEGER]: '?i',
  [DECIMAL]: '?d',
  [DOUBLE]: '?e',
  [HEX]: '?x',
  [BIT]: '?b',
};

/** Digits up to which an integer surely fits into 64 signed bits. */
const surelyBigintDigits = 18;

function tag(scanner: Scanner): string {
  const length = scanner.end - scanner.start;
  if (scanner.kind === INTEGER && length > surelyBigintDigits)
    return BigInt(scanner.value() as string) < 1n << 63n ? '?I' : '?W';
  return scanner.charset === null ? tags[scanner.kind]! : `_${scanner.charset}${tags[scanner.kind]!}`;
}

/** The key of a statement for plan caches, and its literals, in one pass. */
export function normalise(text: string, options?: ScanOptions): Normalised {
  const scanner = new Scanner(text, options);
  const literals: ScannedLiteral[] = [];
  let key = '';
  let copied = 0;
  let seen = 0;
  const copy = (to: number) => {
    for (; seen < scanner.removed.length && scanner.removed[seen]! < to; seen += 2) {
      if (scanner.removed[seen]! < copied) continue;
      key += `${text.slice(copied, scanner.removed[seen])} `;
      copied = scanner.removed[seen + 1]!;
    }
    key += text.slice(copied, to);
    copied = to;
  };
  for (let kind = scanner.next(); kind !== END && kind !== BROKEN; kind = scanner.next()) {
    if (kind >= STRING && kind <= BIT) {
      copy(scanner.start);
      key += tag(scanner);
      copied = scanner.end;
      literals.push({ type: literalTypes[kind]!, value: scanner.value(), start: scanner.start, end: scanner.end });
    } else if (kind === PARAMETER) {
      copy(scanner.start);
      key += '??';
      copied = scanner.end;
    }
  }
  copy(text.length);
  return { key: key.trim(), literals };
}

/**
 * The text with blanks for what the language does not see: comments and the brackets of version comments that are carried
 * out. Every other character stays where it was. A text the scanner cannot read to its end comes back unchanged.
 */
export function blankComments(text: string, options?: ScanOptions): string {
  const scanner = new Scanner(text, options);
  let kind = scanner.next();
  while (kind !== END && kind !== BROKEN) kind = scanner.next();
  if (kind === BROKEN) return text;
  let blanked = '';
  let copied = 0;
  for (let i = 0; i < scanner.removed.length; i += 2) {
    const [start, end] = [scanner.removed[i]!, scanner.removed[i + 1]!];
    if (start < copied) continue;
    blanked += text.slice(copied, start) + ' '.repeat(end - start);
    copied = end;
  }
  return blanked + text.slice(copied);
}

/** The first words of a statement in upper case, at most `count`; ends at the first token that is no word. */
export function leadingWords(text: string, count = 4): string[] {
  const scanner = new Scanner(text);
  const words: string[] = [];
  let kind = scanner.next();
  while (kind === OPERATOR && text.charCodeAt(scanner.start) === 40) kind = scanner.next();
  for (; kind === WORD && words.length < count; kind = scanner.next())
    words.push(text.slice(scanner.start, scanner.end).toUpperCase());
  return words;
}

/** True when nothing but comments, blanks and `;` is there. */
export function isEmptyStatement(text: string): boolean {
  const scanner = new Scanner(text);
  let kind = scanner.next();
  while (kind === OPERATOR && text.charCodeAt(scanner.start) === 59) kind = scanner.next();
  return kind === END;
}

/**
 * Cuts a text at every `;` that stands outside of strings, names and comments. Pieces of nothing but comments are left
 * out, unless there is no other: then the text comes back as one piece.
 */
export function splitStatements(text: string, options?: ScanOptions): { text: string; start: number }[] {
  const pieces: { text: string; start: number }[] = [];
  if (!text.includes(';')) return [{ text, start: 0 }];
  const scanner = new Scanner(text, options);
  let from = 0;
  let words = 0;
  const cut = (to: number) => {
    if (words > 0) pieces.push(trimmed(text, from, to));
    words = 0;
    from = to + 1;
  };
  for (let kind = scanner.next(); kind !== END; kind = scanner.next()) {
    if (kind === OPERATOR && text.charCodeAt(scanner.start) === 59 && !scanner.versioned) cut(scanner.start);
    else words++;
  }
  cut(text.length);
  return pieces.length === 0 ? [{ text, start: 0 }] : pieces;
}

function trimmed(text: string, from: number, to: number): { text: string; start: number } {
  let start = from;
  let end = to;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return { text: text.slice(start, end), start };
}
