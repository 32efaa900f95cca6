import fc from 'fast-check';
import mysql from 'node-sql-parser/build/mysql.js';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseForPlan, parseStatement } from '../../src/sql/parse/parse.ts';
import { END, Scanner } from '../../src/sql/scan/scanner.ts';
import { normalise } from '../../src/sql/scan.ts';
import { corpus } from './corpus.ts';

/** Every literal node of a tree that has a slot. */
function literals(tree: unknown): { slot: number; start: number; end: number; type: string; value: unknown }[] {
  if (typeof tree !== 'object' || tree === null || tree instanceof Uint8Array) return [];
  const own = 'slot' in tree && typeof tree.slot === 'number' && tree.slot >= 0 ? [tree as never] : [];
  return [...own, ...Object.values(tree).flatMap(literals)];
}

describe('the corpus', () => {
  test('is large', () => {
    expect(corpus.length).toBeGreaterThan(400);
  });

  test.each(corpus.map(({ file, text }, at) => [file, at, text.slice(0, 50), text] as const))(
    '%s %i: %s',
    (_file, _at, _title, text) => {
      const { statement, fixedSlots } = parseForPlan(text);
      expect(statement.kind).not.toBe('unsupported');

      const scanned = normalise(text).literals;
      const nodes = literals(statement);
      expect([...nodes, ...fixedSlots].map(({ slot }) => slot).sort((a, b) => a - b)).toEqual([...scanned.keys()]);
      for (const node of nodes) {
        expect(node.value).toEqual(scanned[node.slot]!.value);
        expect(node.end).toBe(scanned[node.slot]!.end);
      }
      for (const fixed of fixedSlots)
        expect(fixed.text).toBe(text.slice(scanned[fixed.slot]!.start, scanned[fixed.slot]!.end));
    },
  );
});

function tokens(text: string): string[] {
  const scanner = new Scanner(text);
  const found: string[] = [];
  while (scanner.next() !== END) found.push(text.slice(scanner.start, scanner.end));
  return found;
}

/** Kinds of statements whose plans are cached. */
const planned: ReadonlySet<string> = new Set(['query', 'insert', 'update', 'delete']);

test('a soup of tokens meets a tree or a coded error, and its slots agree', () => {
  const lists = corpus.filter(({ text }) => text.length < 2000).map(({ text }) => tokens(text));
  const words = [...new Set(lists.flat())];
  const piece = fc.oneof(
    fc
      .tuple(fc.constantFrom(...lists), fc.nat(40), fc.nat(12))
      .map(([list, from, count]) => list.slice(from, from + count)),
    fc.array(fc.constantFrom(...words), { minLength: 1, maxLength: 4 }),
  );
  const head = fc.tuple(fc.constantFrom(...lists), fc.nat(12)).map(([list, count]) => list.slice(0, count + 1));
  fc.assert(
    fc.property(head, fc.array(piece, { maxLength: 4 }), fc.constantFrom(' ', '\n'), (first, rest, blank) => {
      const text = [first, ...rest].flat().join(blank);
      try {
        const { statement, fixedSlots } = parseForPlan(text);
        if (!planned.has(statement.kind)) return;
        const slots = [...literals(statement), ...fixedSlots].map(({ slot }) => slot).sort((a, b) => a - b);
        expect(slots).toEqual([...normalise(text).literals.keys()]);
      } catch (error) {
        if (!(error instanceof ObError)) throw error;
      }
    }),
    { numRuns: 6000 },
  );
});

describe('a second opinion', () => {
  const parser = new mysql.Parser();
  const theirs = (text: string): boolean => {
    try {
      parser.astify(text, { database: 'MySQL' });
      return true;
    } catch {
      return false;
    }
  };
  const ours = (text: string): boolean => {
    try {
      parseStatement(text);
      return true;
    } catch (error) {
      if (error instanceof ObError) return false;
      throw error;
    }
  };
  const common = corpus
    .map(({ text }) => text)
    .filter((text) => /^\s*\(?\s*(select|insert|update|delete|replace|with)/i.test(text) && text.length < 1500);

  /** What the other parser lets through and MySQL does not; each line explains the texts it matches. */
  const known: readonly [string, RegExp][] = [
    ['a tuple of an interval', /\((NOW\(\)|ts), INTERVAL/],
    ['an interval that is added to nothing or stands alone', /(,|<|-|SELECT)\s+[-+] INTERVAL|INTERVAL 1 DAY\s+ts/],
    [
      'operators and functions without operands',
      /BINARY\s+(,|LIMIT)|VALUES\(\)|TRIM\(( FROM|\))|(WHERE|AND)\s+(NOT )?IN \(/,
    ],
    ['(*) outside of COUNT', /(SELECT|\/) \(\*\)/],
    ['a subquery behind a column without an operator', /\b[ab]\s+\(\s*SELECT/],
    ['SOME as a function', /SOME \( 1\)/],
    ['a derived table without a name', /> 3\)\)\s*$/],
    ['CAST AS INTEGER', /AS\s+INTEGER\)/],
    ['WITH RECURSIVE as a name', /RECURSIVE\s+\(n\)/],
    ['-- without a blank', /5--/],
    [
      'ALL, STRAIGHT_JOIN, FROM, DELETE or SEPARATOR as ordinary words',
      /ALL\s+FROM|STRAIGHT_JOIN|DELETE\s+FROM|svr_ip\s+'/,
    ],
    ['a dot at the end of a name', /[\w`]\.\s/],
  ];

  test('what it accepts of the corpus, with any one token left out, is accepted here or listed', () => {
    const surprises = new Set<string>();
    let agreed = 0;
    for (const text of common) {
      expect(ours(text)).toBe(true);
      const scanner = new Scanner(text);
      while (scanner.next() !== END) {
        const shorter = text.slice(0, scanner.start) + text.slice(scanner.end);
        if (ours(shorter)) continue;
        if (!theirs(shorter)) agreed++;
        else if (!known.some(([, pattern]) => pattern.test(shorter))) surprises.add(shorter);
      }
    }
    expect([...surprises]).toEqual([]);
    expect(agreed).toBeGreaterThan(1000);
  });
});
