import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatJson, JsonSyntaxError, parseJson } from '../../src/value/json.ts';

describe('JSON', () => {
  test('means what the platform reads', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value);
        expect(JSON.parse(formatJson(parseJson(text)))).toEqual(JSON.parse(text));
      }),
    );
  });

  test('has one text for one value', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const normal = formatJson(parseJson(text));
        expect(formatJson(parseJson(normal))).toBe(normal);
      }),
    );
    expect(formatJson(parseJson('{"bb":1,"a":[1,2.0,null,true],"b":{}}'))).toBe(
      '{"a": [1, 2.0, null, true], "b": {}, "bb": 1}',
    );
  });

  test('keeps integers of 64 bits', () => {
    expect(formatJson(parseJson('[9223372036854775807, 18446744073709551615, 1710381566535897001]'))).toBe(
      '[9223372036854775807, 18446744073709551615, 1710381566535897001]',
    );
  });

  test.each([
    ['', 0],
    ['{', 1],
    ['[1,]', 3],
    ['{"a" 1}', 5],
    ['"abc', 0],
    ['01', 1],
    ['nul', 0],
    ['1 2', 2],
    ['{a:1}', 1],
  ])('%s is none', (text, position) => {
    expect(() => parseJson(text)).toThrow(JsonSyntaxError);
    try {
      parseJson(text);
    } catch (error) {
      expect((error as JsonSyntaxError).position).toBe(position);
    }
  });

  test('does not follow a text that nests without end', () => {
    expect(() => parseJson('['.repeat(100_000))).toThrow(/maximum depth/);
  });
});
