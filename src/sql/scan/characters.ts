/** Classes of characters by code, for codes below 128; everything above belongs to names. */
export const SPACE = 1;
export const DIGIT = 2;
export const LETTER = 4;

const classes = new Uint8Array(128);
for (const code of [9, 10, 11, 12, 13, 32]) classes[code] = SPACE;
for (let code = 48; code < 58; code++) classes[code] = DIGIT;
for (let code = 65; code < 91; code++) classes[code] = LETTER;
for (let code = 97; code < 123; code++) classes[code] = LETTER;
classes[95] = LETTER; // _
classes[36] = LETTER; // $

export function isSpace(code: number): boolean {
  return code < 128 && classes[code] === SPACE;
}

export function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** May stand inside an unquoted name: letters, digits, `_`, `$` and everything beyond ASCII. */
export function isNamePart(code: number): boolean {
  return code >= 128 || (classes[code]! & (DIGIT | LETTER)) !== 0;
}

export function isHexDigit(code: number): boolean {
  return (code >= 48 && code <= 57) || (code >= 65 && code <= 70) || (code >= 97 && code <= 102);
}

/** Character sets an introducer (`_utf8mb4'…'`) may name; any other `_word` is an ordinary name. */
export const introducers: ReadonlySet<string> = new Set(
  (
    'armscii8 ascii big5 binary cp1250 cp1251 cp1256 cp1257 cp850 cp852 cp866 cp932 dec8 eucjpms euckr gb18030 gb2312 ' +
    'gbk geostd8 greek hebrew hp8 keybcs2 koi8r koi8u latin1 latin2 latin5 latin7 macce macroman sjis swe7 tis620 ' +
    'ucs2 ujis utf16 utf16le utf32 utf8 utf8mb3 utf8mb4'
  ).split(' '),
);
