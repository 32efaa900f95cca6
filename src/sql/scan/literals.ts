/** What a backslash and the character after it stand for; `\%` and `\_` keep the backslash for LIKE. */
function escaped(character: string): string {
  switch (character) {
    case '0':
      return '\0';
    case 'b':
      return '\b';
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    case 'Z':
      return '\x1a';
    case '%':
      return '\\%';
    case '_':
      return '\\_';
    default:
      return character;
  }
}

/** The content of a quoted string: `body` is what stands between the quotes, `quote` the quote it doubles. */
export function unquote(body: string, quote: string, backslashes: boolean): string {
  let out = '';
  let copied = 0;
  for (let at = 0; at < body.length; at++) {
    const character = body[at];
    if (character === '\\' && backslashes && at + 1 < body.length) {
      out += body.slice(copied, at) + escaped(body[at + 1]!);
      at++;
      copied = at + 1;
    } else if (character === quote && body[at + 1] === quote) {
      out += body.slice(copied, at + 1);
      at++;
      copied = at + 1;
    }
  }
  return out + body.slice(copied);
}

/** Bytes of hexadecimal digits; an odd count is filled with a zero in front. */
export function hexBytes(digits: string): Uint8Array {
  return new Uint8Array(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

/** Bytes of binary digits, most significant first; filled with zeros in front. */
export function bitBytes(digits: string): Uint8Array {
  const length = Math.ceil(digits.length / 8);
  const full = digits.padStart(length * 8, '0');
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at++) bytes[at] = Number.parseInt(full.slice(8 * at, 8 * at + 8), 2);
  return bytes;
}
