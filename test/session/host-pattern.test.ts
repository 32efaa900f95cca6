import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hostMatches, hostRank, isInvited, likeToPattern } from '../../src/session/host-pattern.ts';

describe('host patterns of accounts', () => {
  test.each([
    ['%', '10.1.2.3', true],
    ['', '10.1.2.3', true],
    ['10.1.2.3', '10.1.2.3', true],
    ['10.1.2.4', '10.1.2.3', false],
    ['10.1.%', '10.1.2.3', true],
    ['10.1.%', '10.10.2.3', false],
    ['10.1.2._', '10.1.2.3', true],
    ['10.1.2._', '10.1.2.33', false],
    ['10.1.0.0/255.255.0.0', '10.1.77.3', true],
    ['10.1.0.0/255.255.0.0', '10.2.0.1', false],
    ['localhost', '127.0.0.1', true],
    ['localhost', '::1', true],
    ['localhost', '10.0.0.1', false],
    ['DB.example', 'db.EXAMPLE', true],
    ['10.1.2.3.', '10.1.2.3', false],
  ])('%s and %s: %s', (pattern, host, fits) => {
    expect(hostMatches(pattern, host)).toBe(fits);
  });

  test('the most exact pattern ranks highest', () => {
    const patterns = ['%', '10.%', '10.1.%', '10.1.2.3'];
    expect(patterns.toSorted((a, b) => hostRank(a) - hostRank(b))).toEqual(patterns);
  });
});

describe('invited nodes', () => {
  test.each([
    ['%', '10.1.2.3', true],
    ['127.0.0.1,::1', '10.1.2.3', false],
    ['127.0.0.1, 10.1.2.3', '10.1.2.3', true],
    ['10.0.0.0/8', '10.255.1.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/255.255.0.0', '10.0.9.9', true],
    ['fd00::/8', 'fd12::1', true],
    ['fd00::/8', '10.0.0.1', false],
    ['10.0.0.0/99', '10.0.0.0', false],
    ['', '10.0.0.1', false],
    [',', '10.0.0.1', false],
    ['nonsense/8', '10.0.0.1', false],
  ])('"%s" and %s: %s', (list, host, invited) => {
    expect(isInvited(list, host)).toBe(invited);
  });

  test('a network of full length invites its address alone', () => {
    const part = fc.integer({ min: 0, max: 255 });
    fc.assert(
      fc.property(fc.tuple(part, part, part, part), fc.tuple(part, part, part, part), (a, b) => {
        expect(isInvited(`${a.join('.')}/32`, b.join('.'))).toBe(a.join('.') === b.join('.'));
      }),
    );
  });
});

describe('LIKE', () => {
  test.each([
    ['a%', 'ABC', true],
    ['a_c', 'abc', true],
    ['a_c', 'ac', false],
    ['a\\_c', 'abc', false],
    ['a\\_c', 'a_c', true],
    ['100\\%', '100%', true],
    ['(a|b)*', 'a', false],
    ['%\n%', 'a\nb', true],
    ['\\', '\\', true],
  ])('%j and %j: %s', (like, text, fits) => {
    expect(likeToPattern(like).test(text)).toBe(fits);
  });

  test('a text whose signs are escaped fits itself in any case, and nothing else', () => {
    const ascii = fc.string({ unit: 'grapheme-ascii', maxLength: 6 });
    fc.assert(
      fc.property(ascii, ascii, (a, b) => {
        const pattern = likeToPattern(a.replace(/[\\%_]/g, '\\$&'));
        expect(pattern.test(a.toUpperCase())).toBe(true);
        expect(pattern.test(b)).toBe(a.toLowerCase() === b.toLowerCase());
      }),
    );
  });
});
