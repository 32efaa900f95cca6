import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { END, Scanner } from '../../src/sql/scan/scanner.ts';
import { isEmptyStatement, leadingWords, normalise, splitStatements } from '../../src/sql/scan.ts';

const pieces = [
  ...[
    'select',
    'a',
    '`b c`',
    "'it''s'",
    "'\\''",
    '"x"',
    '1',
    '1.5',
    '1e3',
    '0xff',
    "x'0a'",
    "b'1'",
    '_utf8',
    "_utf8'x'",
    "n'y'",
    '@v',
    "@'q'",
    '@@w',
  ],
  ...[
    '-- c\n',
    '# d\n',
    '/* e */',
    '/*!40101 ',
    '/*!99999 f */',
    '*/',
    '/*',
    '/*M! g */',
    '<=>',
    ':=',
    '->>',
    '->',
    '||',
    '&&',
    '(',
    ')',
    ',',
    ';',
    '.',
  ],
  ...[
    '?',
    '-',
    '--',
    ' ',
    '\n',
    '\t',
    '中',
    '$',
    "'",
    '"',
    '`',
    '\\',
    '\0',
    'é',
    '1a',
    '.5',
    '0x',
    '0b2',
    '{',
    '}',
    '!',
    '~',
  ],
];
const soup = fc.oneof(
  fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join('')),
  fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join(' ')),
  fc.string({ unit: 'grapheme' }),
);
const options = fc.record({ noBackslashEscapes: fc.boolean(), ansiQuotes: fc.boolean() });

describe('any text', () => {
  test('is covered by its tokens, blanks and comments, in order', () => {
    fc.assert(
      fc.property(soup, options, (text, opts) => {
        const scanner = new Scanner(text, opts);
        const covered: [number, number][] = [];
        for (let kind = scanner.next(); kind !== END; kind = scanner.next()) {
          expect(scanner.end).toBeGreaterThan(scanner.start - (scanner.start === text.length ? 1 : 0));
          covered.push([scanner.start, scanner.end]);
        }
        for (let at = 0; at < scanner.removed.length; at += 2)
          covered.push([scanner.removed[at]!, scanner.removed[at + 1]!]);
        const left = [...text.split('').keys()].filter(
          (at) => !covered.some(([start, end]) => at >= start && at < end),
        );
        expect(left.map((at) => text[at]).join('')).toMatch(/^[ \t\n\v\f\r]*$/);
      }),
      { numRuns: 3000 },
    );
  });

  test('is scanned by every function without a complaint', () => {
    fc.assert(
      fc.property(soup, options, (text, opts) => {
        leadingWords(text);
        isEmptyStatement(text);
        for (const piece of splitStatements(text, opts))
          expect(text.slice(piece.start, piece.start + piece.text.length)).toBe(piece.text);
        const { literals } = normalise(text, opts);
        for (let at = 1; at < literals.length; at++)
          expect(literals[at]!.start).toBeGreaterThanOrEqual(literals[at - 1]!.end);
      }),
      { numRuns: 3000 },
    );
  });

  test('as a quoted string comes back as its value', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (value) => {
        const escaped = `'${value.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
        expect(normalise(`select ${escaped}`).literals[0]!.value).toBe(value);
        const plain = `'${value.replaceAll("'", "''")}'`;
        expect(normalise(`select ${plain}`, { noBackslashEscapes: true }).literals[0]!.value).toBe(value);
      }),
    );
  });

  test('of other literals has the same key', () => {
    const sample = (a: number, b: string) => `select a+${a} from t where b = '${b.replace(/['\\]/g, '')}' limit ${a}`;
    fc.assert(
      fc.property(fc.nat(), fc.string(), fc.nat(), fc.string(), (a, b, c, d) => {
        expect(normalise(sample(a, b)).key).toBe(normalise(sample(c, d)).key);
      }),
    );
  });
});
