/**
 * MySQL's text of numbers. Doubles print with the fewest digits that read back the same, in plain notation between
 * 1e-15 and 1e15, and above where digits behind the point are left.
 */
export function formatDouble(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value === 0 ? 0 : value);
  return fromShortest(String(value));
}

/** FLOAT shows six significant digits at most. */
export function formatFloat(value: number): string {
  return fromShortest(String(Number(value.toPrecision(6))));
}

/** Turns JavaScript's shortest text into MySQL's: the exponent has no plus sign and starts at other sizes. */
function fromShortest(text: string): string {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text);
  if (!match) return text;
  const [, sign = '', whole = '', fraction = '', exponentText = '0'] = match;
  const raw = whole + fraction;
  const digits = raw.replace(/^0+/, '').replace(/0+$/, '');
  if (digits === '') return '0';
  const leading = raw.length - raw.replace(/^0+/, '').length;
  const exponent = whole.length + Number(exponentText) - 1 - leading;
  const pointed = exponent >= 0 && digits.length > exponent + 1;
  if ((exponent >= 15 && !pointed) || exponent < -15) {
    const mantissa = digits.length > 1 ? `${digits[0]}.${digits.slice(1)}` : digits;
    return `${sign}${mantissa}e${exponent}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return sign + digits.padEnd(exponent + 1, '0');
  return `${sign}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
