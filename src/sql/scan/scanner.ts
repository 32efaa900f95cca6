import { Blanks } from './blanks.ts';
import { introducers, isDigit, isHexDigit, isNamePart, isSpace } from './characters.ts';
import { bitBytes, hexBytes, unquote } from './literals.ts';

/** What changes the reading of a text: parts of sql_mode, and Oracle tenants. */
export interface ScanOptions {
  readonly noBackslashEscapes?: boolean;
  readonly ansiQuotes?: boolean;
  /** `||` joins strings instead of meaning OR. */
  readonly pipesAsConcat?: boolean;
  /** Oracle mode: double quotes name things, backslashes are plain, `||` joins. */
  readonly oracle?: boolean;
}

export const END = 0;
export const WORD = 1;
export const QUOTED = 2;
export const STRING = 3;
export const INTEGER = 4;
export const DECIMAL = 5;
export const DOUBLE = 6;
export const HEX = 7;
export const BIT = 8;
export const USER_VARIABLE = 9;
export const OPERATOR = 10;
export const PARAMETER = 11;
/** An unterminated string or comment, or a character outside the language. */
export const BROKEN = 12;

const threeCharacters: ReadonlySet<string> = new Set(['<=>', '->>']);
const twoCharacters: ReadonlySet<string> = new Set(['<=', '>=', '<>', '!=', ':=', '<<', '>>', '&&', '||', '->', '@@']);
const oneCharacter = '()[]{},;.=<>+-*/%&|^~!:@\\';

/**
 * Walks over a statement text token by token; comments never show. `next()` sets `kind`, `start`, `end` and, for literals,
 * what `value()` needs. Nothing is allocated per token.
 */
export class Scanner extends Blanks {
  readonly backslashes: boolean;
  readonly ansiQuotes: boolean;
  readonly pipesAsConcat: boolean;
  kind = END;
  start = 0;
  end = 0;
  /** Literals met before the current token. */
  literals = 0;
  /** Character set introducer of the current literal. */
  charset: string | null = null;
  private nextLiterals = 0;
  private bodyStart = 0;
  private bodyEnd = 0;
  private plain = true;
  private escapes = true;
  private joined: string | null = null;

  constructor(text: string, options: ScanOptions = {}) {
    super(text);
    const { oracle = false, noBackslashEscapes = oracle, ansiQuotes = oracle, pipesAsConcat = oracle } = options;
    this.backslashes = !noBackslashEscapes;
    this.ansiQuotes = ansiQuotes;
    this.pipesAsConcat = pipesAsConcat;
  }

  /** Continues at `position`, where a token begins outside any version comment; `literals` were met before it. */
  jump(position: number, literals: number): void {
    this.position = position;
    this.nextLiterals = literals;
    this.kind = END;
    this.end = -1;
  }

  next(): number {
    const afterName = this.kind === WORD || this.kind === QUOTED;
    const afterDot = this.kind === OPERATOR && this.end === this.start + 1 && this.text.charCodeAt(this.start) === 46;
    const before = this.end;
    this.literals = this.nextLiterals;
    if (!this.skip()) {
      this.start = this.removed.at(-2)!;
      return this.finish(BROKEN, this.text.length);
    }
    this.start = this.position;
    if (this.position >= this.text.length) {
      const open = this.inVersionComment;
      this.inVersionComment = false;
      return this.finish(open ? BROKEN : END, this.position);
    }
    const code = this.text.charCodeAt(this.position);
    if (code === 46 && afterName && before === this.position) return this.finish(OPERATOR, this.position + 1);
    if (isDigit(code)) return afterDot && before === this.position ? this.name() : this.number();
    if (isNamePart(code)) return afterDot ? this.name() : this.wordOrLiteral(code);
    return this.sign(code);
  }

  /** The value of the current literal: text of numbers, content of strings and quoted names, bytes of hex and bit. */
  value(): string | Uint8Array {
    if (this.kind === INTEGER || this.kind === DECIMAL || this.kind === DOUBLE)
      return this.text.slice(this.start, this.end);
    if (this.kind === HEX) return hexBytes(this.text.slice(this.bodyStart, this.bodyEnd));
    if (this.kind === BIT) return bitBytes(this.text.slice(this.bodyStart, this.bodyEnd));
    return this.joined ?? this.piece();
  }

  private finish(kind: number, end: number): number {
    this.kind = kind;
    this.end = end;
    this.position = end;
    if (kind >= STRING && kind <= BIT) this.nextLiterals++;
    return kind;
  }

  private name(): number {
    let at = this.position;
    while (isNamePart(this.text.charCodeAt(at))) at++;
    return this.finish(WORD, at);
  }

  private wordOrLiteral(code: number): number {
    const after = this.text.charCodeAt(this.position + 1);
    if (after === 39) {
      if (code === 88 || code === 120) return this.quotedDigits(HEX, isHexDigit);
      if (code === 66 || code === 98) return this.quotedDigits(BIT, (digit) => digit === 48 || digit === 49);
      if (code === 78 || code === 110) return this.introduced('utf8', this.position + 1);
    }
    const start = this.position;
    this.name();
    if (code !== 95) return WORD;
    const charset = this.text.slice(start + 1, this.end).toLowerCase();
    return introducers.has(charset) ? this.introduced(charset, this.end) : WORD;
  }

  /** A literal behind an introducer; without one the introducer is an ordinary name. */
  private introduced(charset: string, at: number): number {
    const { start, literals, inVersionComment: versioned } = this;
    const marks = this.removed.length;
    this.position = at;
    if (this.skip()) {
      const code = this.text.charCodeAt(this.position);
      const next = this.text.charCodeAt(this.position + 1);
      const literal =
        code === 39 ||
        (code === 34 && !this.ansiQuotes) ||
        ((code === 88 || code === 120 || code === 66 || code === 98) && next === 39) ||
        (code === 48 && (next === 120 || next === 98));
      if (literal) {
        const kind =
          code === 39 || code === 34 ? this.string(code) : code === 48 ? this.number() : this.wordOrLiteral(code);
        if (kind === STRING || kind === HEX || kind === BIT) {
          this.start = start;
          this.charset = charset;
          return kind;
        }
        if (kind === BROKEN) return kind;
      }
    }
    this.removed.length = marks;
    this.inVersionComment = versioned;
    this.nextLiterals = literals;
    return this.finish(WORD, at);
  }

  private quotedDigits(kind: number, accepts: (code: number) => boolean): number {
    let at = this.position + 2;
    this.bodyStart = at;
    while (accepts(this.text.charCodeAt(at))) at++;
    this.bodyEnd = at;
    this.charset = null;
    const whole = this.text.charCodeAt(at) === 39 && (kind === BIT || (at - this.bodyStart) % 2 === 0);
    return whole ? this.finish(kind, at + 1) : this.finish(BROKEN, this.text.length);
  }

  private number(): number {
    const { text, position } = this;
    const second = text.charCodeAt(position + 1);
    this.charset = null;
    if (text.charCodeAt(position) === 48 && (second === 120 || second === 98)) {
      const accepts = second === 120 ? isHexDigit : (code: number) => code === 48 || code === 49;
      let at = position + 2;
      while (accepts(text.charCodeAt(at))) at++;
      if (at > position + 2 && !isNamePart(text.charCodeAt(at))) {
        this.bodyStart = position + 2;
        this.bodyEnd = at;
        return this.finish(second === 120 ? HEX : BIT, at);
      }
      return this.name();
    }
    let at = position;
    while (isDigit(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) === 46) return this.fraction(at + 1);
    const exponent = this.exponent(at);
    if (exponent > at && !isNamePart(text.charCodeAt(exponent))) return this.finish(DOUBLE, exponent);
    return isNamePart(text.charCodeAt(at)) ? this.name() : this.finish(INTEGER, at);
  }

  private fraction(from: number): number {
    let at = from;
    while (isDigit(this.text.charCodeAt(at))) at++;
    const end = this.exponent(at);
    return end > at ? this.finish(DOUBLE, end) : this.finish(DECIMAL, at);
  }

  /** The end of an exponent that begins at `at`, or `at` when there is none. */
  private exponent(at: number): number {
    const { text } = this;
    if ((text.charCodeAt(at) | 32) !== 101) return at;
    const sign = text.charCodeAt(at + 1);
    let end = sign === 43 || sign === 45 ? at + 2 : at + 1;
    const digits = end;
    while (isDigit(text.charCodeAt(end))) end++;
    return end > digits ? end : at;
  }

  private sign(code: number): number {
    const { text, position } = this;
    if (code === 39 || (code === 34 && !this.ansiQuotes)) return this.string(code);
    if (code === 96 || code === 34) return this.quotedName(code, QUOTED);
    if (code === 63) return this.finish(PARAMETER, position + 1);
    if (code === 46 && isDigit(text.charCodeAt(position + 1))) {
      this.charset = null;
      return this.fraction(position + 1);
    }
    if (code === 64) return this.variable();
    if (threeCharacters.has(text.substr(position, 3))) return this.finish(OPERATOR, position + 3);
    if (twoCharacters.has(text.substr(position, 2))) return this.finish(OPERATOR, position + 2);
    if (oneCharacter.includes(text[position]!)) return this.finish(OPERATOR, position + 1);
    return this.finish(BROKEN, position + 1);
  }

  private variable(): number {
    const { text, position } = this;
    const code = text.charCodeAt(position + 1);
    if (code === 64) return this.finish(OPERATOR, position + 2);
    if (code === 39 || code === 34 || code === 96) {
      this.position++;
      return this.quotedName(code, USER_VARIABLE);
    }
    let at = position + 1;
    while (isNamePart(text.charCodeAt(at)) || text.charCodeAt(at) === 46) at++;
    if (at === position + 1) return this.finish(OPERATOR, at);
    this.bodyStart = position + 1;
    this.bodyEnd = at;
    this.plain = true;
    this.joined = null;
    return this.finish(USER_VARIABLE, at);
  }

  private quotedName(quote: number, kind: number): number {
    const end = this.closing(quote, quote !== 96 && kind === USER_VARIABLE && this.backslashes);
    this.joined = null;
    return end < 0 ? this.finish(BROKEN, this.text.length) : this.finish(kind, end);
  }

  /** A string and the strings that follow it at once: `'a' 'b'` is one literal. */
  private string(quote: number): number {
    this.charset = null;
    this.joined = null;
    let end = this.closing(quote, this.backslashes);
    if (end < 0) return this.finish(BROKEN, this.text.length);
    for (;;) {
      let at = end;
      while (isSpace(this.text.charCodeAt(at))) at++;
      const code = this.text.charCodeAt(at);
      if (code !== 39 && (code !== 34 || this.ansiQuotes)) break;
      const before: string = this.joined ?? this.piece();
      this.position = at;
      end = this.closing(code, this.backslashes);
      if (end < 0) return this.finish(BROKEN, this.text.length);
      this.joined = before + this.piece();
    }
    return this.finish(STRING, end);
  }

  /** Finds the quote that closes the one at `position`; notes the body. -1 when there is none. */
  private closing(quote: number, backslashes: boolean): number {
    const { text } = this;
    let at = this.position + 1;
    this.bodyStart = at;
    this.plain = true;
    this.escapes = backslashes;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === quote) {
        if (text.charCodeAt(at + 1) !== quote) {
          this.bodyEnd = at;
          return at + 1;
        }
        this.plain = false;
        at++;
      } else if (code === 92 && backslashes) {
        this.plain = false;
        at++;
      }
    }
    return -1;
  }

  private piece(): string {
    const body = this.text.slice(this.bodyStart, this.bodyEnd);
    return this.plain ? body : unquote(body, this.text[this.bodyEnd]!, this.escapes);
  }
}
