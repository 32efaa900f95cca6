import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type BackupResult, backupBlocks, type CopyProgress } from '../../src/copy/backup-blocks.ts';
import type { SetKey } from '../../src/copy/keys.ts';
import { restoreBlocks } from '../../src/copy/restore-blocks.ts';
import {
  bytesSource,
  fdSource,
  fileSinks,
  memorySinks,
  Scratch,
  sampleBytes,
  testKey,
  testWorkers,
  toy,
} from './toy-setup.ts';

const workers = testWorkers();
let scratch: Scratch;
beforeEach(() => {
  scratch = new Scratch();
});
afterEach(() => scratch.close());
afterAll(() => workers.close());

const blockBytes = 64 << 10;

function prepare(sizeBytes: number, more: object = {}) {
  const fd = scratch.open('tenant');
  const content = sampleBytes(sizeBytes);
  writeSync(fd, content);
  const data = { fd, blockBytes, sizeBytes, ...more };
  return { content, snapshot: { blockCount: Math.ceil(sizeBytes / blockBytes), reader: toy(data) } };
}

async function roundTrip(content: Buffer, result: BackupResult, key: SetKey | null, bytesOf: (no: number) => Buffer) {
  const target = scratch.open('restored');
  const data = { fd: target, blockBytes, sizeBytes: content.length };
  const sources = result.files.map(({ no }) => ({ no, source: bytesSource(bytesOf(no)) }));
  const restored = await restoreBlocks({ sources, target: toy(data), key: key?.bytes ?? null, workers });
  expect(restored.blockCount).toBe(result.blockCount);
  expect(digest(scratch.bytes('restored'))).toBe(digest(content));
}

describe('backup and restore of blocks', () => {
  for (const encrypted of [false, true]) {
    for (const kind of ['with', 'without'] as const) {
      test(`${encrypted ? 'encrypted' : 'clear'} sinks ${kind} a descriptor`, async () => {
        const { content, snapshot } = prepare(40 * blockBytes + 777);
        const key = encrypted ? testKey() : null;
        const files = fileSinks(scratch);
        const memory = memorySinks();
        const openSink = kind === 'with' ? files.open : memory.open;
        const seen: CopyProgress[] = [];
        const result = await backupBlocks({
          snapshot,
          openSink,
          maxFileBytes: 400_000,
          setId: 7,
          tenantId: 1002,
          key,
          workers,
          onProgress: (progress) => seen.push(progress),
        });
        expect(result.files.length).toBeGreaterThan(2);
        expect(result.inputBytes).toBe(content.length);
        expect(result.blockCount).toBe(41);
        expect(result.outputBytes).toBe(result.files.reduce((sum, file) => sum + file.sizeBytes, 0));
        for (let i = 1; i < seen.length; i++)
          expect(seen[i]!.blocksDone).toBeGreaterThanOrEqual(seen[i - 1]!.blocksDone);
        expect(seen.at(-1)).toMatchObject({ blocksDone: 41, blockCount: 41, inputBytes: content.length });
        const bytesOf = (no: number) => (kind === 'with' ? scratch.bytes(`data.${no}`) : memory.state.get(no)!.bytes);
        for (const { no, sizeBytes } of result.files) expect(bytesOf(no).length).toBe(sizeBytes);
        await roundTrip(content, result, key, bytesOf);
      });
    }
  }

  test('blocks without content are left out and stay as they are', async () => {
    const { content, snapshot } = prepare(8 * blockBytes, { empty: [0, 3, 7] });
    const files = fileSinks(scratch);
    const result = await backupBlocks({
      snapshot,
      openSink: files.open,
      maxFileBytes: 1e9,
      setId: 1,
      tenantId: 2,
      key: null,
      workers,
    });
    expect(result.entries.map((entry) => entry.blockNo).sort()).toEqual([1, 2, 4, 5, 6]);
    const target = scratch.open('restored');
    writeSync(target, Buffer.alloc(content.length, 0xee));
    await restoreBlocks({
      sources: [{ no: 0, source: fdSource(scratch.open('data.0', 'r')) }],
      target: toy({ fd: target, blockBytes, sizeBytes: content.length }),
      key: null,
      workers,
    });
    const restored = scratch.bytes('restored');
    expect(restored.subarray(0, blockBytes).every((byte) => byte === 0xee)).toBe(true);
    expect(restored.subarray(blockBytes, 3 * blockBytes).equals(content.subarray(blockBytes, 3 * blockBytes))).toBe(
      true,
    );
  });

  test('the header of a file stands in it before its first record', async () => {
    const { snapshot } = prepare(40 * blockBytes);
    const memory = memorySinks();
    const offsets = new Map<number, number[]>();
    const result = await backupBlocks({
      snapshot,
      async openSink(no) {
        const { writeAt, publish, abort } = await memory.open(no);
        const seen: number[] = [];
        offsets.set(no, seen);
        const noting = async (offset: number, bytes: Uint8Array) => {
          for (let i = 0; i < 5; i++) await new Promise(setImmediate);
          await writeAt(offset, bytes);
          seen.push(offset);
        };
        return { writeAt: noting, publish, abort };
      },
      maxFileBytes: 400_000,
      setId: 7,
      tenantId: 1002,
      key: null,
      workers,
    });
    expect(result.files.length).toBeGreaterThan(2);
    expect([...offsets.values()].map(([first]) => first)).toEqual(result.files.map(() => 0));
    expect([...offsets.values()].flat().filter((offset) => offset === 0)).toHaveLength(result.files.length);
  });

  test('an empty snapshot is one file without blocks, and restores', async () => {
    const { snapshot } = prepare(0);
    const memory = memorySinks();
    const result = await backupBlocks({
      snapshot,
      openSink: memory.open,
      maxFileBytes: 1e9,
      setId: 1,
      tenantId: 2,
      key: testKey(),
      workers,
    });
    expect(result.files).toHaveLength(1);
    expect(memory.state.get(0)!.published).toBe(result.files[0]!.sizeBytes);
  });
});

function digest(bytes: Buffer): string {
  return createHash('sha1').update(bytes).digest('hex');
}
