import { chmodSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hideAccessKey, maskAccessKey, revealAccessKey } from '../../src/catalog/destination-secrets.ts';
import { createSecrets, keyFileName, openSecrets, SecretError } from '../../src/catalog/secrets.ts';
import { scratchDirectory } from './scratch.ts';

const secrets = createSecrets(Buffer.alloc(32, 7));
const place = { tenantId: 1002, id: 5, field: 'password' };

describe('sealed values', () => {
  test('open where they were made', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.string(), fc.integer({ min: 0 }), fc.string(), (bytes, purpose, tenantId, id) => {
        const where = { tenantId, id, field: 'f' };
        const opened = secrets.open(purpose, where, secrets.seal(purpose, where, bytes));
        expect(Buffer.from(opened).equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });

  test('do not open anywhere else', () => {
    const sealed = secrets.seal('job', place, Buffer.from('swordfish'));
    const elsewhere: [string, typeof place][] = [
      ['destination', place],
      ['job', { ...place, tenantId: 1004 }],
      ['job', { ...place, id: 6 }],
      ['job', { ...place, field: 'passwd' }],
    ];
    for (const [purpose, other] of elsewhere) expect(() => secrets.open(purpose, other, sealed)).toThrow(SecretError);
  });

  test('moving a boundary between the parts of a place is another place', () => {
    const sealed = secrets.seal('job', { tenantId: 1, id: '23', field: 'a' }, Buffer.from('x'));
    expect(() => secrets.open('job', { tenantId: 12, id: '3', field: 'a' }, sealed)).toThrow(SecretError);
  });

  test('every changed bit is noticed', () => {
    const sealed = Buffer.from(secrets.seal('job', place, Buffer.from('swordfish')));
    for (let i = 0; i < sealed.length; i++) {
      const changed = Buffer.from(sealed);
      changed[i]! ^= 1;
      expect(() => secrets.open('job', place, changed), `byte ${i}`).toThrow(SecretError);
    }
    for (let i = 0; i < sealed.length; i++) {
      expect(() => secrets.open('job', place, sealed.subarray(0, i))).toThrow(SecretError);
    }
  });

  test('belong to their instance key, and never repeat', () => {
    const other = createSecrets(Buffer.alloc(32, 8));
    const hex = secrets.sealText('job', place, 'swordfish');
    expect(() => other.openText('job', place, hex)).toThrow(/another instance key/);
    expect(secrets.sealText('job', place, 'swordfish')).not.toBe(hex);
    expect(() => secrets.openText('job', place, 'not hex')).toThrow(SecretError);
    expect(hex.slice(2, 10)).toBe(secrets.keyId);
  });
});

describe('the key file', () => {
  let directory: string;
  beforeEach(() => {
    directory = scratchDirectory();
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test('is made once, for its owner only', () => {
    const first = openSecrets(directory);
    const path = join(directory, keyFileName);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path)).toHaveLength(32);
    expect(openSecrets(directory).keyId).toBe(first.keyId);
  });

  test.each([0o640, 0o604, 0o620, 0o660])('is refused with mode %o', (mode) => {
    openSecrets(directory);
    chmodSync(join(directory, keyFileName), mode);
    expect(() => openSecrets(directory)).toThrow(/600/);
  });

  test('is refused with another length', () => {
    writeFileSync(join(directory, keyFileName), 'x', { mode: 0o600 });
    expect(() => openSecrets(directory)).toThrow(/32/);
  });
});

describe('access keys of destinations', () => {
  const typed = 'oss://bucket/backup/data?host=oss.example.net&access_id=AK1&access_key=SK1+/=&delete_mode=delete';

  test('are sealed in the text and come back', () => {
    const hidden = hideAccessKey(secrets, 1002, typed);
    expect(hidden).toMatch(
      /^oss:\/\/bucket\/backup\/data\?host=oss\.example\.net&access_id=AK1&encrypt_key=[0-9a-f]+&delete_mode=delete$/,
    );
    expect(hidden).not.toContain('SK1');
    expect(revealAccessKey(secrets, 1002, hidden)).toBe(typed);
  });

  test('do not open for another tenant or path', () => {
    const hidden = hideAccessKey(secrets, 1002, typed);
    expect(() => revealAccessKey(secrets, 1004, hidden)).toThrow(SecretError);
    expect(() => revealAccessKey(secrets, 1002, hidden.replace('bucket', 'other'))).toThrow(SecretError);
  });

  test('files have none', () => {
    expect(hideAccessKey(secrets, 1002, 'file:///data/nfs')).toBe('file:///data/nfs');
  });

  test('are masked for logs', () => {
    const masked = maskAccessKey(`${typed},${hideAccessKey(secrets, 1002, typed)}`);
    expect(masked).not.toMatch(/SK1|[0-9a-f]{20}/);
    expect(masked).toContain('access_key=***&delete_mode=delete');
  });
});
