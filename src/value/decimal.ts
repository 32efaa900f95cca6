/**
 * Exact decimals as an unscaled bigint and a count of digits after the point; `{ unscaled: 1250n, scale: 3 }` is 1.250.
 */
export interface Decimal {
  readonly unscaled: bigint;
  readonly scale: number;
}

const powers: bigint[] = [];

/** 10 to the power of a small non-negative number. */
export function pow10(exponent: number): bigint {
  powers[exponent] ??= 10n ** BigInt(exponent);
  return powers[exponent];
}

const numberStart = /^[\s]*([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?/;

/**
 * Reads the number a text begins with. `rest` is what follows it without trailing blanks; `empty` tells that there was no digit.
 */
export function readDecimal(text: string): { readonly value: Decimal; readonly rest: string; readonly empty: boolean } {
  const match = numberStart.exec(text);
  const whole = match?.[2] ?? '';
  const fraction = match?.[3] ?? '';
  if (!match || whole.length + fraction.length === 0)
    return { value: { unscaled: 0n, scale: 0 }, rest: text.trim(), empty: true };
  const exponent = Math.max(-1000, Math.min(1000, Number(match[4] ?? 0)));
  let unscaled = BigInt(whole + fraction);
  let scale = fraction.length - exponent;
  if (scale < 0) {
    unscaled *= pow10(-scale);
    scale = 0;
  }
  const value = { unscaled: match[1] === '-' ? -unscaled : unscaled, scale };
  return { value, rest: text.slice(match[0].length).trim(), empty: false };
}

/** The decimal a number prints as. */
export function decimalOf(value: number | bigint): Decimal {
  return typeof value === 'bigint' ? { unscaled: value, scale: 0 } : readDecimal(String(value)).value;
}

/** Rounds half away from zero to `scale` digits, or widens. */
export function rescale(value: Decimal, scale: number): Decimal {
  if (scale === value.scale) return value;
  if (scale > value.scale) return { unscaled: value.unscaled * pow10(scale - value.scale), scale };
  const divisor = pow10(value.scale - scale);
  return { unscaled: divideRounded(value.unscaled, divisor), scale };
}

/** Quotient rounded half away from zero; the divisor is not zero. */
export function divideRounded(dividend: bigint, divisor: bigint): bigint {
  const negative = dividend < 0n !== divisor < 0n;
  const a = dividend < 0n ? -dividend : dividend;
  const b = divisor < 0n ? -divisor : divisor;
  const quotient = (2n * a + b) / (2n * b);
  return negative ? -quotient : quotient;
}

/** Cuts (towards zero) to `scale` digits; a negative scale cuts before the point. */
export function truncateDecimal(value: Decimal, scale: number): Decimal {
  if (scale >= value.scale) return value;
  const kept = value.unscaled / pow10(value.scale - scale);
  return scale >= 0 ? { unscaled: kept, scale } : { unscaled: kept * pow10(-scale), scale: 0 };
}

export function formatDecimal(value: Decimal): string {
  const negative = value.unscaled < 0n;
  const digits = (negative ? -value.unscaled : value.unscaled).toString().padStart(value.scale + 1, '0');
  const point = digits.length - value.scale;
  const text = value.scale === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
}

/** Nearest number: an integer stays exact as bigint when it is large. */
export function decimalToNumber(value: Decimal): number | bigint {
  const divisor = pow10(value.scale);
  if (value.unscaled % divisor === 0n) {
    const whole = value.unscaled / divisor;
    return whole >= -9007199254740991n && whole <= 9007199254740991n ? Number(whole) : whole;
  }
  return Number(formatDecimal(value));
}

/** Significant digits: those of the unscaled number, at least 1. */
export function significantDigits(value: Decimal): number {
  let text = (value.unscaled < 0n ? -value.unscaled : value.unscaled).toString();
  if (value.scale > 0) {
    const zeros = text.length - text.replace(/0+$/, '').length;
    text = text.slice(0, Math.max(1, text.length - Math.min(zeros, value.scale)));
  }
  return text.length;
}

/** Text of a stored decimal (number, bigint or text) with exactly `scale` digits after the point. */
export function decimalText(cell: number | bigint | string, scale: number): string {
  if (typeof cell === 'number' && scale === 0 && Number.isSafeInteger(cell)) return String(cell);
  const value = typeof cell === 'string' ? readDecimal(cell).value : decimalOf(cell);
  return formatDecimal(rescale(value, scale));
}
