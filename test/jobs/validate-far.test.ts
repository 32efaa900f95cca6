import { readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { scanLogFile } from '../../src/copy/log-scan.ts';
import { lsFileInfoFile } from '../../src/destination/codec/archive-files.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { remoteReadsAtOnce } from '../../src/media/limits.ts';
import type { Medium } from '../../src/media/medium.ts';
import { backedUp, makeTable, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { farMedium } from './far-medium.ts';
import { FaultSwitch } from './fault-switch.ts';
import { hangMedium, hungCallsComeBack } from './hang-medium.ts';
import { type Harness, makeTenant, roundOf, setsOf, shipped, startHarness } from './job-harness.ts';
import { ended, findingsOf, lastJob, tasksOf, validate } from './validate-scene.ts';

/* VALIDATE where no call holds a thread: several sets and pieces are looked at beside each other. */

const faults = new FaultSwitch();
let harness: Harness;
let hangs = false;
/** Reads of whole objects wait for it. */
let gate: (key: string) => Promise<void> = async () => undefined;
let opened: (key: string) => void = () => undefined;
let closed: (key: string) => void = () => undefined;

function wrapMedium(medium: Medium, path: string): Medium {
  const far = farMedium(medium);
  const watched: Medium = {
    ...far,
    async read(key, offset, length, signal) {
      await gate(key);
      return far.read(key, offset, length, signal);
    },
    async openObject(key, signal) {
      const source = await far.openObject(key, signal);
      opened(key);
      return {
        sizeBytes: source.sizeBytes,
        read: (offset, length) => source.read(offset, length),
        async close() {
          await source.close();
          closed(key);
        },
      };
    },
  };
  return hangMedium(faults.wrap(watched, path), () => hangs);
}

const piece = (id: number) => `piece_d1001r1p${id}`;
const archive = (name: string) => join(harness.directory, 'a', 'archive', name);

beforeAll(async () => {
  harness = await startHarness({ wrapMedium });
  const tenantId = await makeTenant(harness, 'a');
  await setShortPieces(harness, tenantId, '2s');
  await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
  await roundIs(harness, 'DOING');
  await makeTable(harness);
  let id = 0;
  const used = async () => (await roundOf(harness, 'a'))?.usedPieceId ?? 0;
  for (let i = 0; i < 3; i++) {
    await backedUp(harness);
    // Without a pause: there are records in each piece.
    for (const from = await used(); (await used()) === from; ) {
      await harness.sql('a', `INSERT INTO d.t VALUES (${++id})`);
      await shipped(harness, 'a');
    }
  }
  await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
  await roundIs(harness, 'STOP');
});
afterAll(async () => {
  hungCallsComeBack();
  await harness.stop();
});
afterEach(() => {
  faults.clear();
  hangs = false;
  gate = async () => undefined;
  opened = () => undefined;
  closed = () => undefined;
});

async function fileStatuses(): Promise<readonly string[]> {
  return (await setsOf(harness, 'a')).map((set) => set.fileStatus);
}

async function pieceTasks() {
  const tasks = await tasksOf(harness, 'a', await lastJob(harness, 'a'));
  return tasks.filter((task) => task.taskType === 'BACKUP PIECE');
}

describe('several at a time', () => {
  test('are read beside each other, as many as a store is asked for, and all is well', async () => {
    const under = new Set<string>();
    let most = 0;
    gate = async (key) => {
      under.add(key);
      most = Math.max(most, under.size);
      await new Promise((resolve) => setImmediate(resolve));
      under.delete(key);
    };
    const job = await validate(harness, 'a', 'BACKUP');
    expect(await findingsOf(harness, 'a')).toEqual([]);
    expect(job).toMatchObject({ status: 'COMPLETED', result: 0, damagedCount: 0 });
    const tasks = await tasksOf(harness, 'a', job);
    expect(job.finishTaskCount).toBe(tasks.length);
    expect(job.finishBytes).toBe(tasks.reduce((sum, task) => sum + task.finishBytes, 0n));
    for (const task of tasks) expect(task).toMatchObject({ conclusion: 'OK', finishFileCount: task.fileCount });
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(remoteReadsAtOnce);
  });

  test('a fault at one object fails its task alone', async () => {
    const bad = (await pieceTasks()).at(1)!.pieceId;
    faults.arm(
      1,
      { kind: 'io', lasting: true },
      () => true,
      (key) => key.startsWith(`${piece(bad)}/`),
    );
    const job = await validate(harness, 'a', 'BACKUP');
    expect(job).toMatchObject({ status: 'FAILED', result: -4009, damagedCount: 0 });
    for (const task of await tasksOf(harness, 'a', job)) {
      const isBad = task.taskType === 'BACKUP PIECE' && task.pieceId === bad;
      expect(task).toMatchObject(isBad ? { status: 'FAILED', result: -4009 } : { status: 'COMPLETED', result: 0 });
    }
  });

  test('a destination that is sick ends the job, and breaks nothing', async () => {
    faults.arm(30, { kind: 'network', lasting: true });
    const job = await validate(harness, 'a', 'BACKUP');
    expect(faults.hits.length).toBeGreaterThan(0);
    expect(job).toMatchObject({ status: 'FAILED', damagedCount: 0 });
    expect(job.result).not.toBe(0);
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE', 'AVAILABLE']);
  });

  test('no passing fault is taken for damage', async () => {
    for (let at = 1; ; at += 53) {
      faults.arm(at, { kind: at % 2 === 0 ? 'io' : 'timeout' });
      const job = await validate(harness, 'a', 'BACKUP');
      const hit = faults.hits[0] ?? null;
      faults.clear();
      expect(job, `${at} ${hit}`).toMatchObject({ status: 'COMPLETED', result: 0, damagedCount: 0 });
      if (hit !== null) continue;
      expect(at).toBeGreaterThan(53);
      break;
    }
    expect(await fileStatuses()).toEqual(['AVAILABLE', 'AVAILABLE', 'AVAILABLE']);
  });

  test('all of them are cancelled within the bound, and the next job works', async () => {
    await harness.say('ALTER SYSTEM VALIDATE BACKUP', 'a');
    let reads = 0;
    gate = async () => void reads++;
    await harness.until(async () => {
      hangs ||= reads > 20;
      return hangs;
    });
    const start = performance.now();
    await harness.say('ALTER SYSTEM CANCEL VALIDATE', 'a');
    await ended(harness);
    expect(performance.now() - start).toBeLessThan(15_000);
    hangs = false;
    hungCallsComeBack();
    expect(await lastJob(harness, 'a')).toMatchObject({ status: 'CANCELED', result: -4072 });
    expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', result: 0 });
  });

  // Last: it damages the archive.
  test('a piece waits for the end of the one before it', async () => {
    const medium = openFileMedium(archive(''));
    const ids = (await pieceTasks()).map((task) => task.pieceId);
    const count = async (id: number) => (await records(medium, id)).length;
    const cut = await lastOf(ids.slice(0, -1), async (id) => (await count(id)) > 1 && (await count(id + 1)) > 0);
    await cutLastRecord(medium, cut);
    const passed = Promise.withResolvers<void>();
    // The piece behind it is read to its end first.
    gate = (key) => (key.startsWith(`${piece(cut)}/single_piece_info`) ? passed.promise : Promise.resolve());
    closed = (key) => {
      if (key.startsWith(`${piece(cut + 1)}/`)) passed.resolve();
    };
    const job = await validate(harness, 'a', 'ARCHIVELOG_PIECE');
    expect(job).toMatchObject({ status: 'COMPLETED', result: -4103 });
    const found = (await findingsOf(harness, 'a')).map(({ object, finding }) => `${object}: ${finding}`);
    expect(found.filter((one) => one.startsWith(`${piece(cut)}/`)).join()).toContain('the end of the log is lost');
    expect(found.filter((one) => one.startsWith(`${piece(cut + 1)}/`)).join()).toContain(`piece ${cut} ends at`);
  });
});

async function lastOf(ids: readonly number[], matches: (id: number) => Promise<boolean>): Promise<number> {
  for (const id of [...ids].reverse()) if (await matches(id)) return id;
  throw new Error('no piece is like that');
}

const logKey = async (medium: Medium, id: number) => {
  const directory = `${piece(id)}/logstream_1001/log`;
  return `${directory}/${(await medium.list(directory)).at(-1)?.name ?? 'none'}`;
};

async function records(medium: Medium, id: number) {
  const source = await medium.openObject(await logKey(medium, id));
  try {
    return (await scanLogFile(source)).records;
  } finally {
    await source.close();
  }
}

/** A piece that lost its last record, and whose list of files knows of nothing. */
async function cutLastRecord(medium: Medium, id: number): Promise<void> {
  const sizeBytes = (await records(medium, id)).at(-1)!.offset;
  truncateSync(archive(await logKey(medium, id)), sizeBytes);
  const list = archive(`${piece(id)}/logstream_1001/file_info.obarc`);
  const info = lsFileInfoFile.decode(readFileSync(list));
  const files = info.files.map((file, i) => (i === info.files.length - 1 ? { ...file, sizeBytes } : file));
  writeFileSync(list, lsFileInfoFile.encode({ ...info, files }));
}
