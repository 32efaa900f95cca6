import { writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backupBlocks } from '../../src/copy/backup-blocks.ts';
import { decodeIndex, encodeIndex } from '../../src/copy/block-index.ts';
import { type BlockEntry, decodeRecordHeader } from '../../src/copy/data-file.ts';
import { restoreBlocks } from '../../src/copy/restore-blocks.ts';
import { verifyDataFile } from '../../src/copy/verify-data-file.ts';
import { bytesSource, memorySinks, Scratch, sampleBytes, testKey, testWorkers, toy } from './toy-setup.ts';

const workers = testWorkers();
const scratch = new Scratch();
const blockBytes = 2048;
const key = testKey();
let clear: Buffer;
let encrypted: Buffer;
let entries: readonly BlockEntry[];
let sealedEntries: readonly BlockEntry[];

async function backup(setKey: typeof key | null, data: Uint8Array = sampleBytes(6 * blockBytes), size = blockBytes) {
  const sinks = memorySinks();
  const fd = scratch.open(`tenant of ${data.length}`);
  writeSync(fd, data);
  const snapshot = { blockCount: data.length / size, reader: toy({ fd, blockBytes: size, sizeBytes: data.length }) };
  const result = await backupBlocks({
    snapshot,
    openSink: sinks.open,
    maxFileBytes: 1e9,
    setId: 1,
    tenantId: 2,
    key: setKey,
    workers,
  });
  return { bytes: sinks.state.get(0)!.bytes, entries: result.entries };
}

beforeAll(async () => {
  ({ bytes: clear, entries } = await backup(null));
  ({ bytes: encrypted, entries: sealedEntries } = await backup(key));
});
afterAll(async () => {
  await workers.close();
  scratch.close();
});

describe('verifying a data file', () => {
  test('holds no more than a record at a time, however well they were compressed', async () => {
    const [mib, count] = [1 << 20, 64];
    const { bytes } = await backup(null, Buffer.alloc(count * mib), mib);
    expect(bytes.length).toBeLessThan(mib);
    const source = bytesSource(bytes);
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const watched = {
      ...source,
      read(offset: number, length: number) {
        most = Math.max(most, process.memoryUsage().arrayBuffers - before);
        return source.read(offset, length);
      },
    };
    expect(await verifyDataFile(watched)).toMatchObject({ blockCount: count, rawBytes: count * mib });
    expect(most).toBeLessThan(4 * mib);
  });

  test('an intact file passes and tells what it holds', async () => {
    const verified = await verifyDataFile(bytesSource(clear));
    expect(verified).toMatchObject({ blockCount: 6, rawBytes: 6 * blockBytes, setFileCount: 1, setBlockCount: 6 });
    expect((await verifyDataFile(bytesSource(encrypted), { key: key.bytes })).blockCount).toBe(6);
    expect((await verifyDataFile(bytesSource(encrypted))).blockCount).toBe(6);
  });

  test('no two records of an encrypted file share a nonce', () => {
    const nonces = sealedEntries.map(({ offset }) => decodeRecordHeader(encrypted.subarray(offset))!.nonce);
    expect(new Set(nonces.map((nonce) => Buffer.from(nonce).toString('hex'))).size).toBe(6);
  });

  for (const kind of ['clear', 'encrypted', 'encrypted without its key'])
    test(`every flipped byte is found and named, ${kind}`, async () => {
      const whole = kind === 'clear' ? clear : encrypted;
      const options = { name: 'data 0', key: kind === 'encrypted' ? key.bytes : null };
      for (let at = 0; at < whole.length; at += at < 300 || at > whole.length - 400 ? 1 : 7) {
        const bad = Buffer.from(whole);
        bad[at]! ^= 1 << (at % 8);
        const error = await verifyDataFile(bytesSource(bad), options).then(
          () => null,
          (thrown: Error) => thrown,
        );
        expect(error, `byte ${at} of ${whole.length}`).toMatchObject({ symbol: 'OB_CHECKSUM_ERROR' });
        expect(error!.message).toContain('data 0, ');
        const hit = entries.find((entry) => at >= entry.offset && at < entry.offset + 88 + entry.storedLength);
        if (hit && kind === 'clear') expect(error!.message).toContain(`at offset ${hit.offset}`);
      }
    });

  test('a file cut off anywhere is refused', async () => {
    for (let length = 0; length < clear.length; length += 97)
      await expect(verifyDataFile(bytesSource(clear.subarray(0, length)))).rejects.toMatchObject({
        symbol: 'OB_CHECKSUM_ERROR',
      });
  });

  test('a forged index does not pass under the key', async () => {
    const forged = Buffer.from(encrypted);
    const footer = forged.subarray(-88);
    footer.writeBigUInt64LE(5n, 32);
    footer.writeUInt32LE(crc32(footer.subarray(0, 84)), 84);
    await expect(verifyDataFile(bytesSource(forged))).resolves.toMatchObject({ setBlockCount: 5 });
    await expect(verifyDataFile(bytesSource(forged), { key: key.bytes })).rejects.toMatchObject({
      message: expect.stringContaining('not authentic'),
    });
  });

  test('restore refuses a damaged record, a wrong key and a missing file', async () => {
    const target = toy({ fd: scratch.open('target'), blockBytes, sizeBytes: 6 * blockBytes });
    const restore = (bytes: Buffer, restoreKey: Uint8Array | null) =>
      restoreBlocks({ sources: [{ no: 0, source: bytesSource(bytes) }], target, key: restoreKey, workers });
    const bad = Buffer.from(clear);
    bad[entries[3]!.offset + 100]! ^= 1;
    await expect(restore(bad, null)).rejects.toMatchObject({
      symbol: 'OB_CHECKSUM_ERROR',
      message: expect.stringContaining(`block ${entries[3]!.blockNo} at offset ${entries[3]!.offset}`),
    });
    await expect(restore(encrypted, testKey().bytes)).rejects.toMatchObject({ symbol: 'OB_CHECKSUM_ERROR' });
    await expect(restore(encrypted, null)).rejects.toMatchObject({ symbol: 'OB_CHECKSUM_ERROR' });
    await expect(restoreBlocks({ sources: [], target, key: null, workers })).rejects.toMatchObject({
      symbol: 'OB_CHECKSUM_ERROR',
    });
  });

  test('the index of a set survives its file and shows damage', () => {
    const file = encodeIndex(entries);
    expect(decodeIndex(file)).toEqual(entries);
    for (let at = 0; at < file.length; at++) {
      const bad = Uint8Array.from(file);
      bad[at]! ^= 16;
      expect(() => decodeIndex(bad)).toThrow('Data checksum error');
    }
  });
});
