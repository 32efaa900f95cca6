import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeCommitIndex, encodeCommitIndex } from '../../src/copy/log-file.ts';
import { freeBytes, pack, seal, storeClear, unpack, unseal } from '../../src/copy/payload-codec.ts';

const key = randomBytes(32);
const nonce = randomBytes(12);
const aad = Buffer.from('place');

describe('payloads', () => {
  test('any bytes come back, clear and sealed', () => {
    const anyBytes = fc.oneof(
      fc.uint8Array({ maxLength: 5000 }),
      fc.nat(100_000).map((n) => new Uint8Array(n).fill(n)),
    );
    fc.assert(
      fc.property(anyBytes, fc.constantFrom('block' as const, 'log' as const), (raw, kind) => {
        const packed = pack(raw, kind);
        expect(packed.payload.length).toBeLessThanOrEqual(raw.length);
        const clear = Buffer.concat(storeClear(packed).parts);
        expect(Buffer.from(unpack(packed.codec, clear, raw.length, packed.rawCrc)).equals(raw)).toBe(true);
        const sealed = seal(packed, key, nonce, aad);
        const opened = unseal(Buffer.concat(sealed.parts), key, nonce, sealed.tag, aad);
        expect(sealed.storedLength).toBe(packed.payload.length + 4);
        expect(Buffer.from(unpack(packed.codec, opened.payload, raw.length, opened.rawCrc)).equals(raw)).toBe(true);
      }),
    );
  });

  test('a sealed payload opens at its place, with its key and a whole tag only', () => {
    const sealed = seal(pack(Buffer.from('secret rows'), 'block'), key, nonce, aad);
    const bytes = Buffer.concat(sealed.parts);
    const open = (k: Uint8Array, tag: Uint8Array, place: Uint8Array) => () => unseal(bytes, k, nonce, tag, place);
    expect(open(randomBytes(32), sealed.tag, aad)).toThrow('not authentic');
    expect(open(key, sealed.tag, Buffer.from('other'))).toThrow('not authentic');
    expect(open(key, sealed.tag.subarray(0, 4), aad)).toThrow();
  });

  test('freeing gives back large memory of its own, never the pool and never what is kept', () => {
    const large = Buffer.allocUnsafeSlow(1 << 20);
    const view = large.subarray(10, 20);
    freeBytes(view, large);
    expect(large.length).toBe(1 << 20);
    freeBytes(view);
    expect([large.length, view.length]).toEqual([0, 0]);
    freeBytes(view);
    const pooled = Buffer.from('a row');
    freeBytes(pooled);
    expect(pooled.toString()).toBe('a row');
    const incompressible = randomBytes(1 << 20);
    const packed = pack(incompressible, 'block');
    freeBytes(packed.payload, incompressible);
    expect(incompressible.length).toBe(1 << 20);
  });

  test('a small input that asks for a huge output is refused', () => {
    const bomb = pack(new Uint8Array(50_000_000), 'block');
    expect(bomb.payload.length).toBeLessThan(10_000);
    expect(() => unpack(bomb.codec, bomb.payload, 1000, 0)).toThrow('content does not decompress');
  });

  test('a page that comes again megabytes later costs a log batch next to nothing', () => {
    const pages = Array.from({ length: 1500 }, () => randomBytes(4096));
    const batch = Buffer.concat([...pages, ...pages]);
    const once = Buffer.concat(pages).length;
    expect(pack(batch, 'log').payload.length).toBeLessThan(once * 1.02);
    expect(pack(batch, 'block').payload.length).toBeGreaterThan(once * 1.9);
  });
});

describe('the commit index', () => {
  test('comes back, and takes a few bytes a commit', () => {
    const steps = fc.array(fc.record({ scn: fc.bigInt({ min: 1n, max: 1n << 50n }), bytes: fc.nat(1 << 30) }));
    fc.assert(
      fc.property(steps, (list) => {
        let scn = 0n;
        let end = 0;
        const commits = list.map((step) => {
          scn += step.scn;
          end += step.bytes;
          return { scn, end };
        });
        expect(decodeCommitIndex(encodeCommitIndex(commits), commits.length)).toEqual(commits);
      }),
    );
  });

  test('does not accept another count or a cut', () => {
    const bytes = encodeCommitIndex([
      { scn: 1_700_000_000_000_000_000n, end: 4096 },
      { scn: 1_700_000_000_000_000_900n, end: 9000 },
    ]);
    expect(() => decodeCommitIndex(bytes, 1)).toThrow('too long');
    expect(() => decodeCommitIndex(bytes, 3)).toThrow('cut off');
    expect(() => decodeCommitIndex(bytes.subarray(0, -1), 2)).toThrow('cut off');
  });
});
