import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bringUpToDate, compileGrammar, grammarSources, keywordsOf } from '../../grammar/compile.ts';
import { referenceText, statementEntries } from '../../grammar/reference.ts';
import { ObError } from '../../src/base/errors.ts';
import { atLeast, parseRelease } from '../../src/base/release.ts';
import { bindStatement } from '../../src/sql/bind-statement.ts';
import { parseObStatement, prepareObStatement } from '../../src/sql/parse-ob.ts';
import { refusal, typed } from './parse.ts';

const keywordWords = keywordsOf(grammarSources());
const entries = statementEntries();
const examples = entries.flatMap((entry) => entry.examples.map((sql) => ({ sql, entry })));
/** The release an example is read under. */
const releaseOf = (since: string | null) => (since !== null && atLeast(parseRelease(since), '4.2.1') ? since : '4.2.1');

describe('the grammar files', () => {
  test('compile to the same text every time', () => {
    const sources = grammarSources();
    expect(compileGrammar(sources)).toBe(compileGrammar(sources));
    expect(keywordsOf(sources)).toContain('ARCHIVELOG');
  });

  test('the compiled module is current', () => {
    const target = new URL('../../grammar/compiled', import.meta.url).pathname;
    expect(bringUpToDate([target])).toEqual([]);
  });

  test('README.md is current', () => {
    expect(readFileSync(new URL('../../grammar/README.md', import.meta.url), 'utf8')).toBe(referenceText());
  });
});

describe('every example of the grammar', () => {
  for (const { sql, entry } of examples)
    test(sql, () => {
      const statement = typed(sql, releaseOf(entry.since));
      if (entry.status === 'supported') expect(statement.kind).not.toBe('refusedForm');
    });
});

describe('spelling', () => {
  /** Words, strings, names and signs of a statement, in order. */
  const tokens = (sql: string) => sql.match(/'[^']*'|"[^"]*"|`[^`]*`|[\w.:*@$-]+|[^\s\w]/g)!;
  const gap = fc.constantFrom(' ', '\n', '\t ', ' /* c */ ', '/*+ hint */', ' -- x\n', ' # y\n', '\r\n', ' /***/ ');
  const letters = fc.infiniteStream(fc.boolean());

  test('case, blanks and comments change nothing', () => {
    fc.assert(
      fc.property(fc.constantFrom(...examples), fc.infiniteStream(gap), letters, ({ sql, entry }, gaps, caps) => {
        const release = releaseOf(entry.since);
        const varied = tokens(sql)
          .map((token) => {
            const keyword = keywordWords.includes(token);
            const cased = keyword ? [...token].map((c) => (caps.next().value ? c.toLowerCase() : c)).join('') : token;
            return gaps.next().value + cased;
          })
          .join('');
        expect(typed(varied, release)).toEqual(typed(sql, release));
      }),
      { numRuns: 400 },
    );
  });

  test('what stands in a version comment counts when its version is not above ours, in strings it is text', () => {
    const backup = typed('ALTER SYSTEM BACKUP TENANT = t PLUS ARCHIVELOG');
    expect(typed('ALTER /*!50000 SYSTEM */ BACKUP TENANT = t /*! PLUS ARCHIVELOG*/')).toEqual(backup);
    expect(
      typed('ALTER SYSTEM BACKUP /*!99999 INCREMENTAL */ TENANT = t /*!50725 PLUS /* all */ ARCHIVELOG */'),
    ).toEqual(backup);
    expect(typed("ALTER SYSTEM SET a = 'x /*! y */ z'")).toMatchObject({
      items: [{ value: { text: 'x /*! y */ z' } }],
    });
    expect(refusal('ALTER SYSTEM BACKUP\nTENANT = t /*!50000 NOTHING */').message).toMatch(
      /near 'NOTHING \*\/' at line 2$/,
    );
    expect(refusal('ALTER SYSTEM BACKUP TENANT = t /*!50000 PLUS ARCHIVELOG').errno).toBe(1064);
  });

  test('strings read as MySQL reads them', () => {
    const value = (literal: string) => typed(`ALTER SYSTEM SET a = ${literal}`);
    const reads = (literal: string, text: string) =>
      expect(value(literal)).toMatchObject({ items: [{ value: { type: 'string', text } }] });
    reads("'it''s'", "it's");
    reads('"a""b\'c"', 'a"b\'c');
    reads("'\\n\\t\\\\\\'\\x\\%\\_\\0'", "\n\t\\'x\\%\\_\0");
    reads("''", '');
    reads("'?'", '?');
    reads("'a/*b*/--c'", 'a/*b*/--c');
    expect(refusal("ALTER SYSTEM SET a = 'x\\'").errno).toBe(1064);
  });

  test('any text survives quoting', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.constantFrom("'", '"'), (text, quote) => {
        const quoted = quote + text.replaceAll('\\', '\\\\').replaceAll(quote, quote + quote) + quote;
        expect(typed(`ALTER SYSTEM ADD RESTORE SOURCE ${quoted}`)).toEqual({ kind: 'addRestoreSource', source: text });
      }),
    );
  });

  test('Oracle mode: double quotes hold names and a backslash is a character', () => {
    expect(typed('ALTER SYSTEM ARCHIVELOG TENANT = "a b" DESCRIPTION \'x\\\'', '4.2.1', true)).toMatchObject({
      tenants: ['a b'],
      description: 'x\\',
    });
    expect(refusal('SET DECRYPTION IDENTIFIED BY "a"', '4.2.1', true).errno).toBe(1064);
  });

  test('statements are frozen through and through', () => {
    const frozen = (node: unknown): boolean =>
      typeof node !== 'object' || node === null || (Object.isFrozen(node) && Object.values(node).every(frozen));
    for (const { sql, entry } of examples) expect(frozen(typed(sql, releaseOf(entry.since)))).toBe(true);
  });
});

describe('hostile texts', () => {
  const options = { release: parseRelease('4.2.1'), oracle: false };
  const attempt = (sql: string, prepared = false) => {
    try {
      if (prepared) prepareObStatement(sql, options);
      else parseObStatement(sql, options);
    } catch (error) {
      if (!(error instanceof ObError)) throw error;
    }
  };

  test('nothing but coded errors comes out', () => {
    const word = fc.constantFrom(...keywordWords);
    const scrap = fc.oneof(
      word,
      word,
      fc.constantFrom("'a'", '=', ',', '(', ')', '?', '*', '.', '1', 'x', ';', '@', '`'),
      fc.string(),
    );
    const soup = fc.array(scrap, { maxLength: 25 }).map((parts) => parts.join(' '));
    fc.assert(
      fc.property(soup, fc.boolean(), (sql, prepared) => attempt(`ALTER SYSTEM ${sql}`, prepared)),
      { numRuns: 1500 },
    );
    fc.assert(fc.property(fc.oneof(soup, fc.string({ unit: 'binary' })), fc.boolean(), attempt), { numRuns: 500 });
  });

  test('cut and mended statements neither', () => {
    const cut = fc.tuple(fc.constantFrom(...examples), fc.nat(), fc.nat(), fc.string({ maxLength: 3 }));
    fc.assert(
      fc.property(cut, ([{ sql }, from, length, patch]) => {
        const at = from % (sql.length + 1);
        attempt(sql.slice(0, at) + patch + sql.slice(at + (length % 6)));
      }),
      { numRuns: 1500 },
    );
  });

  test('long texts stay linear and shallow', () => {
    attempt(`ALTER SYSTEM ARCHIVELOG TENANT = ${Array.from({ length: 50_000 }, (_, i) => `t${i}`).join(',')}`);
    attempt(`ALTER SYSTEM SET a = '${'x'.repeat(2_000_000)}'`);
    attempt(`ALTER SYSTEM SET a = '${"''".repeat(500_000)}`);
    attempt(`ALTER SYSTEM ADD SERVER ${'('.repeat(200_000)}`);
    attempt(`${'/* */'.repeat(100_000)} ALTER SYSTEM ARCHIVELOG`);
  });
});

describe('placeholders', () => {
  const prepare = (sql: string) => prepareObStatement(sql, { release: parseRelease('4.2.1'), oracle: false });

  test.each([
    [
      'ALTER SYSTEM RECOVER STANDBY TENANT ? UNTIL SCN = ?',
      ['t', 5n],
      'ALTER SYSTEM RECOVER STANDBY TENANT t UNTIL SCN = 5',
    ],
    [
      'ALTER SYSTEM SET data_backup_dest = ? TENANT = ?',
      ["a'b", 't'],
      "ALTER SYSTEM SET data_backup_dest = 'a''b' TENANT = t",
    ],
    [
      'ALTER SYSTEM RESTORE ? FROM ? UNTIL TIME = ? WITH ?',
      ['r', 'd', 'now', 'pool_list=p'],
      "ALTER SYSTEM RESTORE r FROM 'd' UNTIL TIME = 'now' WITH 'pool_list=p'",
    ],
    [
      'CREATE RESOURCE POOL ? UNIT = ?, UNIT_NUM = ?, ZONE_LIST = (?, ?)',
      ['p', 'u', 2, 'z1', Buffer.from('z2')],
      "CREATE RESOURCE POOL p UNIT = u, UNIT_NUM = 2, ZONE_LIST = ('z1', 'z2')",
    ],
    [
      'CREATE RESOURCE UNIT u MAX_CPU ?, MEMORY_SIZE ?',
      [2.5, '4G'],
      "CREATE RESOURCE UNIT u MAX_CPU 2.5, MEMORY_SIZE '4G'",
    ],
    ['SET ENCRYPTION ON IDENTIFIED BY ? ONLY', ['x'], "SET ENCRYPTION ON IDENTIFIED BY 'x' ONLY"],
    ['CREATE USER ?@? IDENTIFIED BY ?', ['a', '%', 'p'], "CREATE USER 'a'@'%' IDENTIFIED BY 'p'"],
    [
      'SET PASSWORD FOR a = ?',
      ['*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9'],
      "SET PASSWORD FOR a = '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9'",
    ],
    [
      'CREATE TENANT ? RESOURCE_POOL_LIST = (?) SET a = ?',
      ['t', 'p', '%'],
      "CREATE TENANT t RESOURCE_POOL_LIST = ('p') SET a = '%'",
    ],
  ] as const)('%s', (sql, values, plain) => {
    const prepared = prepare(sql);
    expect(prepared.places).toHaveLength(values.length);
    expect(bindStatement(prepared, values)).toEqual(typed(plain));
  });

  test('values of the wrong kind are refused', () => {
    const scn = prepare('ALTER SYSTEM RECOVER STANDBY UNTIL SCN = ?');
    for (const value of [null, '', '-1', '1e3', 'x', '99999999999999999999', 1.5])
      expect(() => bindStatement(scn, [value])).toThrowError(expect.objectContaining({ errno: 1210 }));
    const count = prepare('ALTER SYSTEM CHANGE TENANT TENANT_ID = ?');
    for (const value of [null, -1, '9007199254740993', 'x'])
      expect(() => bindStatement(count, [value])).toThrowError(expect.objectContaining({ errno: 1210 }));
    expect(() => bindStatement(prepare('DROP TENANT ?'), [''])).toThrowError(expect.objectContaining({ errno: 1210 }));
    expect(() => bindStatement(prepare('DROP TENANT ?'), [])).toThrowError(expect.objectContaining({ errno: 1210 }));
  });

  test('a text query has no placeholders', () => {
    expect(refusal('DROP TENANT ?').errno).toBe(1064);
  });
});
