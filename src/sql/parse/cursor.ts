import { fault, type ObError } from '../../base/errors.ts';
import { quoteMasked } from '../mask-secrets.ts';
import {
  BIT,
  BROKEN,
  END,
  OPERATOR,
  PARAMETER,
  QUOTED,
  Scanner,
  type ScanOptions,
  STRING,
  USER_VARIABLE,
  WORD,
} from '../scan/scanner.ts';

/** Parentheses, subqueries and unary signs inside each other; deeper texts are refused before the stack ends. */
export const nestingLimit = 250;
/** Links of one chain such as `a + b + …` or UNION, whose trees lean to the left. */
export const chainLimit = 1000;
/** Characters of the rest of a text that a syntax error quotes. */
const quotedCharacters = 80;

export const syntaxErrorText =
  'You have an error in your SQL syntax; check the manual that corresponds to your OceanBase version for the right syntax to use';

export interface Token {
  readonly kind: number;
  readonly start: number;
  readonly end: number;
  /** Words in upper case, signs as typed, the name of quoted names and variables, the content of literals. */
  readonly text: string;
  readonly bytes: Uint8Array | null;
  readonly charset: string | null;
  /** Number of a literal or placeholder, from 0; -1 of anything else. */
  readonly slot: number;
}

/** A literal the tree does not hold as a node (a type's length, a separator): a cached plan must find it unchanged. */
export interface FixedSlot {
  readonly slot: number;
  readonly text: string;
}

/** A statement that is understood and refused; never leaves `parse.ts`. */
export class Refusal extends Error {
  readonly feature: string;
  constructor(feature: string) {
    super(feature);
    this.feature = feature;
  }
}

/** The reading position in one statement: looks ahead token by token, counts depth, makes the syntax errors. */
export class Cursor {
  readonly text: string;
  readonly fixed: FixedSlot[] = [];
  readonly pipesAsConcat: boolean;
  readonly backslashes: boolean;
  /** End offset of the last token taken. */
  lastEnd = 0;
  private readonly scanner: Scanner;
  private readonly ahead: Token[] = [];
  private parameters = 0;
  private depth = 0;

  constructor(text: string, options: ScanOptions) {
    this.text = text;
    this.scanner = new Scanner(text, options);
    this.pipesAsConcat = this.scanner.pipesAsConcat;
    this.backslashes = this.scanner.backslashes;
  }

  peek(distance = 0): Token {
    while (this.ahead.length <= distance) this.ahead.push(this.scan());
    return this.ahead[distance]!;
  }

  next(): Token {
    const token = this.peek();
    this.ahead.shift();
    this.lastEnd = token.end;
    return token;
  }

  /** Throws the syntax error at a token, by default the current one. */
  fail(token: Token = this.peek()): never {
    throw syntaxError(this.text, token.start);
  }

  is(word: string, distance = 0): boolean {
    const token = this.peek(distance);
    return token.kind === WORD && token.text === word;
  }

  isAny(words: ReadonlySet<string>, distance = 0): boolean {
    const token = this.peek(distance);
    return token.kind === WORD && words.has(token.text);
  }

  accept(word: string): boolean {
    const found = this.is(word);
    if (found) this.next();
    return found;
  }

  /** Takes one of the words, or gives null. */
  acceptAny(...words: readonly string[]): string | null {
    for (const word of words) if (this.accept(word)) return word;
    return null;
  }

  /** Takes all of the words in a row or none of them. */
  acceptAll(...words: readonly string[]): boolean {
    for (let at = 0; at < words.length; at++) if (!this.is(words[at]!, at)) return false;
    for (let at = 0; at < words.length; at++) this.next();
    return true;
  }

  expect(...words: readonly string[]): void {
    for (const word of words) if (!this.accept(word)) this.fail();
  }

  isSign(sign: string, distance = 0): boolean {
    const token = this.peek(distance);
    return token.kind === OPERATOR && token.text === sign;
  }

  acceptSign(sign: string): boolean {
    const found = this.isSign(sign);
    if (found) this.next();
    return found;
  }

  expectSign(sign: string): void {
    if (!this.acceptSign(sign)) this.fail();
  }

  atEnd(): boolean {
    return this.peek().kind === END;
  }

  isLiteral(): boolean {
    const { kind } = this.peek();
    return kind >= STRING && kind <= BIT;
  }

  /** Takes a literal that will not be a node of the tree. */
  takeFixed(): Token {
    const token = this.next();
    this.fixed.push({ slot: token.slot, text: this.text.slice(token.start, token.end) });
    return token;
  }

  /** Takes a string as plain text. */
  takeString(): string {
    if (this.peek().kind !== STRING || this.peek().charset !== null) this.fail();
    return this.takeFixed().text;
  }

  enter(): void {
    if (++this.depth > nestingLimit) throw fault('OB_SIZE_OVERFLOW');
  }

  leave(): void {
    this.depth--;
  }

  /** Guards the links of a left-leaning chain. */
  link(count: number): void {
    if (count > chainLimit) throw fault('OB_SIZE_OVERFLOW');
  }

  /** The source between two offsets without comments, trimmed. */
  source(start: number, end: number): string {
    const { removed } = this.scanner;
    let out = '';
    let from = start;
    for (let at = removed.length - 2; at >= 0 && removed[at + 1]! > start; at -= 2) {
      if (removed[at]! < end) {
        for (let i = firstInside(removed, start); i <= at; i += 2) {
          if (removed[i]! < from) continue;
          out += this.text.slice(from, removed[i]);
          from = removed[i + 1]!;
        }
        break;
      }
    }
    return (out + this.text.slice(from, Math.max(from, end))).trim();
  }

  /** True when plain text reading may begin at the current token: nothing is read ahead and no version comment is open. */
  get plain(): boolean {
    return !this.scanner.versioned && this.ahead.length <= 1;
  }

  /** Continues at an offset after `literals` literals; used by the reader of plain rows. */
  jump(position: number, literals: number): void {
    this.ahead.length = 0;
    this.lastEnd = position;
    this.scanner.jump(position, literals);
  }

  /** Literals before the current token. */
  literalsBefore(): number {
    this.peek();
    return this.scanner.literals;
  }

  private scan(): Token {
    const { scanner, text } = this;
    const kind = scanner.next();
    const { start, end } = scanner;
    if (kind === BROKEN) throw syntaxError(text, start);
    if (kind === WORD)
      return { kind, start, end, text: text.slice(start, end).toUpperCase(), bytes: null, charset: null, slot: -1 };
    if (kind >= STRING && kind <= BIT) {
      const value = scanner.value();
      const plain = typeof value === 'string';
      const { charset, literals: slot } = scanner;
      return { kind, start, end, text: plain ? value : '', bytes: plain ? null : value, charset, slot };
    }
    const slot = kind === PARAMETER ? this.parameters++ : -1;
    const named = kind === QUOTED || kind === USER_VARIABLE;
    const content = named ? String(scanner.value()) : text.slice(start, end);
    return { kind, start, end, text: content, bytes: null, charset: null, slot };
  }
}

function firstInside(removed: readonly number[], start: number): number {
  let at = 0;
  while (removed[at + 1]! <= start) at += 2;
  return at;
}

/** MySQL's complaint about the text from `offset` on. */
export function syntaxError(text: string, offset: number): ObError {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return fault('OB_ERR_PARSE_SQL', syntaxErrorText, quoteMasked(text, offset, quotedCharacters), line);
}
