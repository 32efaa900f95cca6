import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codeOf } from './code-of.ts';
import { infoFileCases } from './info-file-cases.ts';

describe.each(infoFileCases)('$name', ({ file, value }) => {
  test('what is written reads back', () => {
    fc.assert(
      fc.property(value, (content) => {
        expect(file.decode(file.encode(content))).toEqual(content);
      }),
    );
  });

  test('a flipped byte anywhere is found', () => {
    fc.assert(
      fc.property(value, fc.nat(), fc.integer({ min: 1, max: 255 }), (content, place, flip) => {
        const bytes = Buffer.from(file.encode(content));
        const at = place % bytes.length;
        bytes[at] = (bytes[at] ?? 0) ^ flip;
        expect([-4103, -4016]).toContain(codeOf(() => file.decode(bytes)));
      }),
      { numRuns: 300 },
    );
  });

  test('a file cut anywhere or with a tail is found', () => {
    const [content] = fc.sample(value, { numRuns: 1, seed: 7 });
    const bytes = Buffer.from(file.encode(content));
    for (let length = 0; length < bytes.length; length++) {
      const expected = length === 0 ? -4016 : length < 48 ? -4002 : -4016;
      expect(codeOf(() => file.decode(bytes.subarray(0, length)))).toBe(expected);
    }
    expect(codeOf(() => file.decode(Buffer.concat([bytes, Buffer.from([0])])))).toBe(-4016);
  });
});
