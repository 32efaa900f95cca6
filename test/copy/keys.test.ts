import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decodeKeyBackup, encodeKeyBackup, type KeyBackup } from '../../src/copy/key-backup-file.ts';
import { generateMasterKey, generateSetKey, unwrapKey } from '../../src/copy/keys.ts';
import { passwordDigest } from '../../src/copy/password-digest.ts';

const purpose = { kind: 'set', tenantId: 1002, owner: '7' } as const;
/** The least that is accepted, to keep the test quick. */
const quickKdf = { memoryKiB: 8192, passes: 1, parallelism: 1, salt: new Uint8Array(16).fill(5) };

describe('set keys', () => {
  const masters = [generateMasterKey(1, 10), generateMasterKey(2, 20)];

  test('open with the master key of their version, for their purpose', () => {
    for (const master of masters) {
      const key = generateSetKey(master, purpose);
      expect(key.masterKeyVersion).toBe(master.version);
      expect(unwrapKey(key.wrapped, masters, purpose)).toEqual(key.bytes);
    }
  });

  test('do not open with another key, for another purpose, or after any change', () => {
    const key = generateSetKey(masters[1]!, purpose);
    const refused = { symbol: 'OB_ERR_GET_MASTER_KEY' };
    const open = (wrapped: Uint8Array, keys = masters, other: object = {}) =>
      expect(() => unwrapKey(wrapped, keys, { ...purpose, ...other }));
    open(key.wrapped, [masters[0]!]).toThrow(expect.objectContaining(refused));
    open(key.wrapped, [generateMasterKey(2, 20)]).toThrow(expect.objectContaining(refused));
    open(key.wrapped, masters, { owner: '8' }).toThrow(expect.objectContaining(refused));
    open(key.wrapped, masters, { tenantId: 1004 }).toThrow(expect.objectContaining(refused));
    for (let at = 0; at < key.wrapped.length; at++) {
      const bad = Uint8Array.from(key.wrapped);
      bad[at]! ^= 1;
      open(bad).toThrow(expect.objectContaining(refused));
    }
    open(key.wrapped.subarray(0, -12)).toThrow(expect.objectContaining(refused));
  });
});

describe('key backup', () => {
  const backup: KeyBackup = {
    clusterId: 1,
    tenantId: 1002,
    tenantName: 'täglich',
    keys: [generateMasterKey(1, 1_700_000_000_000_000), generateMasterKey(2, 1_700_000_000_000_001)],
  };

  test('comes back with its password', async () => {
    const file = await encodeKeyBackup(backup, 'päss');
    expect(await decodeKeyBackup(file, 'päss')).toEqual(backup);
    expect(Buffer.from(file).includes(Buffer.from(backup.keys[0]!.bytes))).toBe(false);
  });

  test('tells a wrong password from damage', async () => {
    const file = await encodeKeyBackup(backup, 'right', quickKdf);
    await expect(decodeKeyBackup(file, 'wrong')).rejects.toMatchObject({
      symbol: 'OB_KEYSTORE_WRONG_PASSWORD',
      code: -4352,
    });
    for (let at = 0; at < file.length; at += 3) {
      const bad = Uint8Array.from(file);
      bad[at]! ^= 2;
      await expect(decodeKeyBackup(bad, 'right')).rejects.toMatchObject({ symbol: 'OB_CHECKSUM_ERROR' });
    }
  });

  test('does not run the parameters of a hostile file', async () => {
    for (const hostile of [{ memoryKiB: 4_194_304 }, { passes: 1_000_000 }, { parallelism: 255 }, { memoryKiB: 8 }])
      await expect(encodeKeyBackup(backup, 'x', { ...quickKdf, ...hostile })).rejects.toMatchObject({
        symbol: 'OB_INVALID_DATA',
      });
  });
});

describe('password digest', () => {
  test('is that of MySQL accounts, in lower case', () => {
    expect(passwordDigest('password')).toBe('*2470c0c06dee42fd1618bb99005adca2ec9d1e19');
    expect(passwordDigest('')).toBe('');
  });

  test('differs for different passwords', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), fc.string({ minLength: 1 }), (a, b) => {
        expect(passwordDigest(a) === passwordDigest(b)).toBe(a === b);
        expect(passwordDigest(a)).toMatch(/^\*[0-9a-f]{40}$/);
      }),
    );
  });
});
