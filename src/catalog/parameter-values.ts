import { fault } from '../base/errors.ts';

/** Types of parameters, by the names of `GV$OB_PARAMETERS.DATA_TYPE`. */
export type ParameterType = 'INT' | 'DOUBLE' | 'BOOL' | 'TIME' | 'CAPACITY' | 'STRING' | 'VERSION';

/** What a parameter accepts. Bounds are texts of the same type; `open` leaves the bound itself out. */
export interface ParameterRange {
  readonly min?: string;
  readonly max?: string;
  readonly minOpen?: boolean;
  readonly maxOpen?: boolean;
  /** Accepted words of a STRING, compared without case. */
  readonly words?: readonly string[];
}

const timeUnitsUs: Readonly<Record<string, bigint>> = {
  us: 1n,
  ms: 1000n,
  s: 1_000_000n,
  '': 1_000_000n,
  m: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
};
const capacityUnits: Readonly<Record<string, number>> = { b: 0, byte: 0, k: 1, m: 2, g: 3, t: 4, p: 5 };
const trueWords = ['true', 'on', 'yes', 't', '1'];
const falseWords = ['false', 'off', 'no', 'f', '0'];
const int64Max = (1n << 63n) - 1n;

/** Longer texts are no numbers: reading millions of digits would keep everybody waiting. */
const numberCharacters = 100;

function short(text: string): string {
  const trimmed = text.trim();
  return trimmed.length > numberCharacters ? '' : trimmed;
}

/** A C-style integer: decimal, `0x…`, leading 0 octal. Null when it is none. */
export function parseInteger(text: string): bigint | null {
  const match = /^([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]+|[1-9]\d*|0)$/.exec(short(text));
  if (!match) return null;
  const digits = match[2]!;
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return bounded(match[1] === '-' ? -value : value);
}

/** TRUE for true, on, yes, t, 1; FALSE for their opposites; null for anything else. */
export function parseBoolean(text: string): boolean | null {
  const word = text.trim().toLowerCase();
  if (trueWords.includes(word)) return true;
  return falseWords.includes(word) ? false : null;
}

/** Microseconds of a TIME text such as `120s`; without a unit seconds. Null when it is none. */
export function parseTimeUs(text: string): bigint | null {
  const match = /^(\d+)(us|ms|s|m|h|d|)$/i.exec(short(text));
  if (!match) return null;
  return bounded(BigInt(match[1]!) * timeUnitsUs[match[2]!.toLowerCase()]!);
}

/** Bytes of a capacity text such as `4G`. Without a unit null, unless `unitless` says what the number counts. */
export function parseCapacity(text: string, unitless?: 'bytes'): bigint | null {
  const match = /^(\d+)(b|byte|[kmgtp]b?|)$/i.exec(short(text));
  if (!match) return null;
  const unit = match[2]!.toLowerCase();
  if (unit === '') return unitless === undefined ? null : bounded(BigInt(match[1]!));
  const power = capacityUnits[unit] ?? capacityUnits[unit[0]!]!;
  return bounded(BigInt(match[1]!) << BigInt(10 * power));
}

/** The value as something that can be compared; null when the text is not of the type. STRING always passes. */
export function parseParameter(type: ParameterType, text: string): bigint | number | boolean | string | null {
  switch (type) {
    case 'INT':
      return parseInteger(text);
    case 'DOUBLE':
      return /^[+-]?\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : null;
    case 'BOOL':
      return parseBoolean(text);
    case 'TIME':
      return parseTimeUs(text);
    case 'CAPACITY':
      return parseCapacity(text);
    case 'VERSION':
      return /^\d+(\.\d+){0,3}$/.test(text.trim()) ? text.trim() : null;
    default:
      return text;
  }
}

/** Throws OB_INVALID_CONFIG when the text is not of the type or out of range. Returns the text as it is stored. */
export function checkParameterText(type: ParameterType, range: ParameterRange, text: string): string {
  const value = parseParameter(type, text);
  if (value === null) throw fault('OB_INVALID_CONFIG');
  if (range.words && !range.words.some((word) => word.toLowerCase() === text.toLowerCase())) {
    throw fault('OB_INVALID_CONFIG');
  }
  if (typeof value === 'bigint' || typeof value === 'number') checkBounds(type, range, value);
  return type === 'BOOL' ? (value ? 'True' : 'False') : text;
}

function checkBounds(type: ParameterType, range: ParameterRange, value: bigint | number): void {
  const bound = (text: string | undefined) =>
    text === undefined ? null : (parseParameter(type, text) as bigint | number | null);
  const min = bound(range.min);
  const max = bound(range.max);
  const low = min !== null && (range.minOpen ? value <= min : value < min);
  const high = max !== null && (range.maxOpen ? value >= max : value > max);
  if (low || high) throw fault('OB_INVALID_CONFIG');
}

function bounded(value: bigint): bigint | null {
  return value > int64Max || value < -int64Max - 1n ? null : value;
}
