import { formatDouble } from './text-form.ts';

/** A JSON value; integers are bigint so that 64-bit ones survive, other numbers are doubles. */
export type JsonValue = null | boolean | string | number | bigint | readonly JsonValue[] | JsonObject;
export type JsonObject = ReadonlyMap<string, JsonValue>;

/** Where and why a text is no JSON; `position` counts characters from 0. */
export class JsonSyntaxError extends Error {
  override readonly name = 'JsonSyntaxError';
  readonly position: number;
  constructor(message: string, position: number) {
    super(message);
    this.position = position;
  }
}

const maxDepth = 100;

/** Reads a JSON text. Throws JsonSyntaxError with MySQL's reasons. */
export function parseJson(text: string): JsonValue {
  const reader = new Reader(text);
  reader.blanks();
  if (reader.at >= text.length) throw new JsonSyntaxError('The document is empty.', 0);
  const value = reader.value(0);
  reader.blanks();
  if (reader.at < text.length)
    throw new JsonSyntaxError('The document root must not be followed by other values.', reader.at);
  return value;
}

class Reader {
  readonly text: string;
  at = 0;
  constructor(text: string) {
    this.text = text;
  }

  blanks(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? 'x')) this.at++;
  }

  value(depth: number): JsonValue {
    if (depth > maxDepth) throw new JsonSyntaxError('The JSON document exceeds the maximum depth.', this.at);
    const character = this.text[this.at];
    if (character === '{') return this.object(depth);
    if (character === '[') return this.array(depth);
    if (character === '"') return this.string();
    for (const [word, value] of words)
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    return this.number();
  }

  private number(): JsonValue {
    const pattern = /-?(?:0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?/y;
    pattern.lastIndex = this.at;
    const match = pattern.exec(this.text);
    if (!match) throw new JsonSyntaxError('Invalid value.', this.at);
    this.at = pattern.lastIndex;
    if (match[1] !== undefined || match[2] !== undefined) return Number(match[0]);
    const whole = BigInt(match[0]);
    return whole >= -(1n << 63n) && whole < 1n << 64n ? whole : Number(match[0]);
  }

  private string(): string {
    const start = this.at;
    for (let at = start + 1; at < this.text.length; at++) {
      const character = this.text[at];
      if (character === '\\') at++;
      else if (character === '"') {
        this.at = at + 1;
        try {
          return JSON.parse(this.text.slice(start, this.at)) as string;
        } catch {
          throw new JsonSyntaxError('Invalid escape character in string.', start);
        }
      }
    }
    throw new JsonSyntaxError('Missing a closing quotation mark in string.', start);
  }

  private array(depth: number): JsonValue {
    const items: JsonValue[] = [];
    this.at++;
    this.blanks();
    if (this.text[this.at] === ']') return this.close(items);
    for (;;) {
      this.blanks();
      items.push(this.value(depth + 1));
      this.blanks();
      if (this.text[this.at] === ']') return this.close(items);
      if (this.text[this.at++] !== ',')
        throw new JsonSyntaxError('Missing a comma or ] after an array element.', this.at - 1);
    }
  }

  private object(depth: number): JsonValue {
    const members = new Map<string, JsonValue>();
    this.at++;
    this.blanks();
    if (this.text[this.at] === '}') return this.close(members);
    for (;;) {
      this.blanks();
      if (this.text[this.at] !== '"') throw new JsonSyntaxError('Missing a name for object member.', this.at);
      const name = this.string();
      this.blanks();
      if (this.text[this.at++] !== ':')
        throw new JsonSyntaxError('Missing a colon after a name of object member.', this.at - 1);
      this.blanks();
      members.set(name, this.value(depth + 1));
      this.blanks();
      if (this.text[this.at] === '}') return this.close(members);
      if (this.text[this.at++] !== ',')
        throw new JsonSyntaxError('Missing a comma or } after an object member.', this.at - 1);
    }
  }

  private close<T>(value: T): T {
    this.at++;
    return value;
  }
}

const words: readonly (readonly [string, JsonValue])[] = [
  ['null', null],
  ['true', true],
  ['false', false],
];

/** MySQL's text of a JSON value: a blank after commas and colons, members by length of name, then by bytes. */
export function formatJson(value: JsonValue): string {
  if (value === null) return 'null';
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    const text = formatDouble(value);
    return /^-?\d+$/.test(text) ? `${text}.0` : text;
  }
  if (typeof value !== 'object') return String(value);
  if (isArray(value)) return `[${value.map(formatJson).join(', ')}]`;
  const names = [...value.keys()].sort(compareNames);
  return `{${names.map((name) => `${JSON.stringify(name)}: ${formatJson(value.get(name) ?? null)}`).join(', ')}}`;
}

export function isArray(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}

function compareNames(a: string, b: string): number {
  return Buffer.byteLength(a) - Buffer.byteLength(b) || Buffer.compare(Buffer.from(a), Buffer.from(b));
}
