import type { Expression, Literal } from '../ast/expression.ts';
import { isDigit, isHexDigit, isNamePart, isSpace } from '../scan/characters.ts';
import { hexBytes, unquote } from '../scan/literals.ts';

/** Rows of plain literals that were passed, to be read when somebody wants them. */
export interface PlainRun {
  readonly length: number;
  /** Values of each. */
  readonly width: number;
  read(): Iterable<readonly Expression[]>;
}

function* plainRows(
  reader: PlainRows,
  { start, literals, length }: { readonly start: number; readonly literals: number; readonly length: number },
): Generator<readonly Expression[]> {
  reader.position = start;
  reader.literals = literals;
  for (let index = 0; index < length; index++) yield reader.row();
}

const binaryPrefix = "_binary '";

/** Reads rows of plain literals from a text; `position` and `literals` tell where it came to. */
export class PlainRows {
  position = 0;
  literals = 0;
  private readonly text: string;
  private readonly backslashes: boolean;

  constructor(text: string, backslashes: boolean) {
    this.text = text;
    this.backslashes = backslashes;
  }

  /**
   * Passes as many rows of one width as it understands, from the `(` at `start` on; ends behind the last `)`. Null when it
   * does not understand the first one. `literals` were met before.
   */
  skip(start: number, literals: number): PlainRun | null {
    this.position = start;
    this.literals = literals;
    let end = start;
    let counted = literals;
    let length = 0;
    let width = 0;
    while (this.sign(40)) {
      const values = this.values(null);
      if (values === 0 || (length > 0 && values !== width)) break;
      width = values;
      length++;
      end = this.position;
      counted = this.literals;
      if (!this.sign(44)) break;
    }
    this.position = end;
    this.literals = counted;
    if (length === 0) return null;
    const { text, backslashes } = this;
    return { length, width, read: () => plainRows(new PlainRows(text, backslashes), { start, literals, length }) };
  }

  /** The row that begins at `position`. */
  row(): readonly Expression[] {
    const row: Expression[] = [];
    this.sign(40);
    this.values(row);
    this.sign(44);
    return row;
  }

  /** Passes the values of a row up to its `)` and gives their number, 0 for what it does not understand. */
  private values(row: Expression[] | null): number {
    let count = 0;
    do {
      const value = this.value();
      if (value === null) return 0;
      row?.push(value);
      count++;
    } while (this.sign(44));
    return this.sign(41) ? count : 0;
  }

  /** Skips blanks and takes the sign when it is there. */
  private sign(code: number): boolean {
    this.blanks();
    if (this.text.charCodeAt(this.position) !== code) return false;
    this.position++;
    return true;
  }

  private blanks(): void {
    while (isSpace(this.text.charCodeAt(this.position))) this.position++;
  }

  private value(): Expression | null {
    this.blanks();
    const code = this.text.charCodeAt(this.position);
    if (code === 39) return this.string();
    if (isDigit(code))
      return code === 48 && this.text.charCodeAt(this.position + 1) === 120 ? this.hex() : this.number();
    if (code === 95) return this.binary();
    if (code === 45 && isDigit(this.text.charCodeAt(this.position + 1))) {
      this.position++;
      const operand = this.number();
      return operand === null ? null : { kind: 'unary', operator: '-', operand };
    }
    return code === 78 || code === 110 ? this.nothing() : null;
  }

  private nothing(): Literal | null {
    const { text, position: start } = this;
    const end = start + 4;
    const a = text.charCodeAt(start + 1) | 32;
    const b = text.charCodeAt(start + 2) | 32;
    const c = text.charCodeAt(start + 3) | 32;
    if (a !== 117 || b !== 108 || c !== 108 || isNamePart(text.charCodeAt(end))) return null;
    this.position = end;
    return { kind: 'literal', type: 'null', value: null, slot: -1, start, end };
  }

  private string(): Literal | null {
    const { text, backslashes, position: start } = this;
    let plain = true;
    for (let at = start + 1; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 92 && backslashes) {
        plain = false;
        at++;
      } else if (code === 39) {
        if (text.charCodeAt(at + 1) === 39) {
          plain = false;
          at++;
          continue;
        }
        const body = text.slice(start + 1, at);
        this.position = at + 1;
        this.blanks();
        const after = text.charCodeAt(this.position);
        if (after === 39 || after === 34) return null;
        const value = plain ? body : unquote(body, "'", backslashes);
        return { kind: 'literal', type: 'string', value, slot: this.literals++, start, end: at + 1 };
      }
    }
    return null;
  }

  /** `_binary '…'`, as dumps write the bytes of blobs. */
  private binary(): Literal | null {
    const { position: start } = this;
    if (!this.text.startsWith(binaryPrefix, start)) return null;
    this.position += binaryPrefix.length - 1;
    const literal = this.string();
    return literal === null ? null : { ...literal, charset: 'binary', start };
  }

  private hex(): Literal | null {
    const { text, position: start } = this;
    let end = start + 2;
    while (isHexDigit(text.charCodeAt(end))) end++;
    if (end === start + 2 || isNamePart(text.charCodeAt(end))) return null;
    this.position = end;
    const value = hexBytes(text.slice(start + 2, end));
    return { kind: 'literal', type: 'hex', value, slot: this.literals++, start, end };
  }

  private number(): Literal | null {
    const { text, position: start } = this;
    let end = start;
    while (isDigit(text.charCodeAt(end))) end++;
    let type: 'integer' | 'decimal' = 'integer';
    if (text.charCodeAt(end) === 46) {
      type = 'decimal';
      end++;
      while (isDigit(text.charCodeAt(end))) end++;
    }
    // an exponent, 0x or a name that begins with digits
    if (isNamePart(text.charCodeAt(end))) return null;
    this.position = end;
    return { kind: 'literal', type, value: text.slice(start, end), slot: this.literals++, start, end };
  }
}
