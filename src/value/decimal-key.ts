import { type Decimal, formatDecimal, readDecimal } from './decimal.ts';

/** Sorts behind every digit. */
const end = 'z';

/** A text of ASCII that sorts byte by byte as the decimal does; equal decimals of any scale give the same one. */
export function decimalKey(value: Decimal): string {
  const negative = value.unscaled < 0n;
  const text = formatDecimal(negative ? { ...value, unscaled: -value.unscaled } : value);
  const [whole = '', fraction = ''] = text.split('.');
  const digits = whole.replace(/^0+/, '');
  const key = `${String(digits.length).padStart(3, '0')}${digits}${fraction.replace(/0+$/, '')}`;
  return negative ? `0${complement(key)}${end}` : `1${key}`;
}

/** The decimal of a key. */
export function decimalOfKey(key: string): Decimal {
  const negative = key.startsWith('0');
  const plain = negative ? complement(key.slice(1, -1)) : key.slice(1);
  const point = 3 + Number(plain.slice(0, 3));
  return readDecimal(`${negative ? '-' : ''}0${plain.slice(3, point)}.${plain.slice(point)}`).value;
}

/** Nines complement of every digit: what was larger becomes smaller. */
function complement(digits: string): string {
  let made = '';
  for (const digit of digits) made += String(9 - Number(digit));
  return made;
}
