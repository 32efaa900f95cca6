import { describe, expect, test } from 'vitest';
import { isEmptyStatement, leadingWords, normalise, splitStatements } from '../../src/sql/scan.ts';

const texts = (text: string) => splitStatements(text).map((piece) => piece.text);

describe('splitting', () => {
  test.each<[string, string[]]>([
    ['select 1', ['select 1']],
    ['select 1;', ['select 1']],
    [' select 1 ; select 2 ', ['select 1', 'select 2']],
    ['select \';\', ";", `;` ; select 2', ['select \';\', ";", `;`', 'select 2']],
    ["select 'a\\';b'; select 2", ["select 'a\\';b'", 'select 2']],
    ["select 'a'';b'; select 2", ["select 'a'';b'", 'select 2']],
    ['select 1 -- ; not here\n; select 2 # ; nor here', ['select 1 -- ; not here', 'select 2 # ; nor here']],
    ['select /* ; */ 1; /* only a comment */; select 2', ['select /* ; */ 1', 'select 2']],
    [
      '/*!50003 create trigger x begin a; b; end */; select 2',
      ['/*!50003 create trigger x begin a; b; end */', 'select 2'],
    ],
    ['-- nothing', ['-- nothing']],
    [';;', [';;']],
    ["select 'open; ended", ["select 'open; ended"]],
  ])('%s', (text, pieces) => {
    expect(texts(text)).toEqual(pieces);
  });

  test('a piece knows where it begins', () => {
    const text = '  select 1 ;\n\tselect 2';
    for (const piece of splitStatements(text))
      expect(text.slice(piece.start, piece.start + piece.text.length)).toBe(piece.text);
  });

  test('without backslash escapes a backslash closes nothing', () => {
    const text = "select 'a\\'; select 2";
    expect(splitStatements(text, { noBackslashEscapes: true })).toHaveLength(2);
    expect(splitStatements(text)).toHaveLength(1);
  });
});

describe('leading words', () => {
  test.each<[string, string[]]>([
    ['select 1', ['SELECT']],
    ['/* app */ alter  system -- x\n backup Tenant = a', ['ALTER', 'SYSTEM', 'BACKUP', 'TENANT']],
    ['/*!40101 SET NAMES utf8 */', ['SET', 'NAMES', 'UTF8']],
    ['/*!80000 SET x */ COMMIT', ['COMMIT']],
    ['((select 1))', ['SELECT']],
    ['', []],
    ['# only', []],
  ])('%s', (text, words) => {
    expect(leadingWords(text)).toEqual(words);
  });

  test.each(['', ' ', ';', '-- x', '/* a */ # b', '/*!99999 x */', '/*M!100100 SET x */', '-- x\n;'])(
    '%j is empty',
    (text) => {
      expect(isEmptyStatement(text)).toBe(true);
    },
  );
  test.each(['select 1', '/*!50000 x */', '"', "'", '/* open'])('%j is not empty', (text) => {
    expect(isEmptyStatement(text)).toBe(false);
  });
});

describe('normalising', () => {
  test.each<[string, string]>([
    ["select 1, 'a', 1.5, 1e3, x'ff', b'1'", 'select ?i, ?s, ?d, ?e, ?x, ?b'],
    ['select -1, - 2', 'select -?i, - ?i'],
    ['select ?, ?', 'select ??, ??'],
    ['select null, true, false', 'select null, true, false'],
    ['select 123456789012345678, 1234567890123456789', 'select ?i, ?I'],
    ["select _latin1'a', n'b'", 'select _latin1?s, _utf8?s'],
    ['/* trace 7 */ select 1 # end', 'select ?i'],
    ['select/**/1', 'select ?i'],
    ['select /*!40001 SQL_NO_CACHE */ a', 'select   SQL_NO_CACHE   a'],
    ['select /*+ hint(1) */ a1, b.2c, `3`, 4d', 'select   a1, b.2c, `3`, 4d'],
    ["select 'a' 'b' \"c\"", 'select ?s'],
    ["select date '2024-01-01'", 'select date ?s'],
    ['select @a1, @@b2', 'select @a1, @@b2'],
  ])('%s', (text, key) => {
    expect(normalise(text).key).toBe(key);
  });

  test('double quotes name things under ANSI_QUOTES', () => {
    expect(normalise('select "a"').key).toBe('select ?s');
    expect(normalise('select "a"', { ansiQuotes: true }).key).toBe('select "a"');
    expect(normalise('select "a"', { oracle: true }).key).toBe('select "a"');
  });

  test.each<[string, unknown]>([
    ["'a''b'", "a'b"],
    ["'a\\n\\t\\0\\Z\\\\\\'\\%\\_\\x'", "a\n\t\0\x1a\\'\\%\\_x"],
    ['"a""b\'"', 'a"b\''],
    ["'a' \n 'b'", 'ab'],
    ['007', '007'],
    ['.5', '.5'],
    ['1.', '1.'],
    ['1.5e-3', '1.5e-3'],
    ['0xABC', Uint8Array.of(0x0a, 0xbc)],
    ["X'00ff'", Uint8Array.of(0, 255)],
    ["b'101'", Uint8Array.of(5)],
    ['0b100000001', Uint8Array.of(1, 1)],
    ["_binary 'x'", 'x'],
  ])('the value of %s', (text, value) => {
    const { literals } = normalise(`select ${text}`);
    expect(literals).toHaveLength(1);
    expect(literals[0]!.value).toEqual(value);
    expect(`select ${text}`.slice(literals[0]!.start, literals[0]!.end)).toBe(text);
  });

  test('backslashes are plain when told so', () => {
    expect(normalise("select 'a\\n'", { noBackslashEscapes: true }).literals[0]!.value).toBe('a\\n');
  });
});
