import { afterEach, expect, test } from 'vitest';
import { scanLogFile } from '../../src/copy/log-scan.ts';
import { parseLogFile, pieceLsKeys } from '../../src/destination/archive-layout.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import { archivedTenant, backedUp, makeTable, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { type Harness, makeTenant, restoredValue, roundOf, shipped, startHarness } from './job-harness.ts';
import { context } from './statement-context.ts';

/* The end of a log file that was written while something went wrong. */

let harness: Harness | null = null;
afterEach(async () => {
  await harness?.stop();
  harness = null;
});

const count = 'SELECT COUNT(*) FROM d.t';
const onArchive = (path: string) => path.endsWith('/a/archive');

/** What a power failure would leave of log files whose system forgets the pages of a sync that failed. */
class ForgetfulLogs {
  readonly syncedBytes = new Map<string, number>();
  /** The next append fails behind its bytes. */
  fails = false;

  wrap(medium: Medium): Medium {
    return Object.assign(Object.create(medium) as Medium, {
      openAppend: async (...call: Parameters<Medium['openAppend']>) => {
        const [key, sizeBytes, , againFrom = sizeBytes] = call;
        const sink = await medium.openAppend(...call);
        if (againFrom <= this.#synced(key)) this.syncedBytes.set(key, sizeBytes);
        return {
          get sizeBytes() {
            return sink.sizeBytes;
          },
          append: async (bytes: Uint8Array) => {
            const from = sink.sizeBytes;
            await sink.append(bytes);
            if (this.fails) {
              this.fails = false;
              throw new MediumError('io', key, 'the sync failed');
            }
            if (from <= this.#synced(key)) this.syncedBytes.set(key, sink.sizeBytes);
          },
          close: () => sink.close(),
        };
      },
    });
  }

  #synced(key: string): number {
    return this.syncedBytes.get(key) ?? 0;
  }
}

test('a record whose sync failed counts only after one that did it', async () => {
  const logs = new ForgetfulLogs();
  harness = await startHarness({ wrapMedium: (medium, path) => (onArchive(path) ? logs.wrap(medium) : medium) });
  await archivedTenant(harness);
  await shipped(harness, 'a');
  for (let id = 1; id <= 3; id++) {
    logs.fails = true;
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await shipped(harness, 'a');
    expect(logs.fails).toBe(false);
  }
  const medium = openFileMedium(`${harness.directory}/a/archive`);
  for (const [key, syncedBytes] of logs.syncedBytes)
    expect([key, syncedBytes]).toEqual([key, (await medium.head(key))?.sizeBytes]);
  expect(logs.syncedBytes.size).toBeGreaterThan(0);
});

test('a file under a new master key goes on where the one before ends, also when no row said so', async () => {
  let failing = false;
  let failed = 0;
  const wrapMedium = (medium: Medium, path: string): Medium =>
    Object.assign(Object.create(medium) as Medium, {
      async putSmall(...call: Parameters<Medium['putSmall']>) {
        if (failing && onArchive(path) && call[0].includes('checkpoint_info')) {
          failed++;
          throw new MediumError('io', call[0], 'not now');
        }
        await medium.putSmall(...call);
      },
    });
  harness = await startHarness({ wrapMedium });
  await archivedTenant(harness);
  await harness.say("ALTER SYSTEM SET tde_method = 'internal' TENANT = a");
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await backedUp(harness);
  await shipped(harness, 'a');
  failing = true;
  await harness.sql('a', 'INSERT INTO d.t VALUES (1)');
  // A pass may have been under way before.
  const failTwice = async () => {
    const before = failed;
    await harness?.until(async () => failed > before + 1);
  };
  await failTwice();
  await harness.say('ALTER INSTANCE ROTATE INNODB MASTER KEY', 'a');
  await failTwice();
  failing = false;
  await harness.sql('a', 'INSERT INTO d.t VALUES (2)');
  await shipped(harness, 'a');
  expect(await restoredValue(harness, 'a', 'b', count)).toBe('2');
});

test('a seal that comes after the end of its piece takes nothing of the next one into it', async () => {
  harness = await startHarness({ settings: { foldLogBytes: 50_000 } });
  const { controller } = harness;
  const tenantId = await makeTenant(harness, 'a');
  await setShortPieces(harness, tenantId, '1500ms');
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness, 'id INT PRIMARY KEY AUTO_INCREMENT, v TEXT');
  await backedUp(harness);
  let commits = 0;
  let late = 0;
  const grown = async (holds: () => boolean) => {
    while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
  };
  const { shipper } = controller;
  const seal = shipper.seal.bind(shipper);
  shipper.seal = async (...call) => {
    const [piece] = await controller.catalog.read((tx) => tx.archives.pieces.list({ tenantId, status: 'ACTIVE' }));
    await grown(() => BigInt(controller.clock.nowUs()) * 1000n > (piece?.endScn ?? 0n));
    const before = commits;
    await grown(() => commits > before + 2);
    const outcome = await seal(...call);
    if (!outcome.sealed) late++;
    return outcome;
  };
  const engine = await tenantEngineOf(controller, tenantId);
  const session = await engine.openSession(51);
  const sql = `INSERT INTO d.t (v) VALUES ('${'y'.repeat(3_000)}')`;
  const patient = { ...context, lockWaitTimeoutMs: 60_000 };
  let over = false;
  const writing = (async () => {
    for (; !over; commits++) {
      await session.execute({ sql, format: 'text', context: patient, nowUs: 0, deadlineUs: 0 });
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  })();
  writing.catch(() => undefined);
  await harness.until(async () => late > 0);
  shipper.seal = seal;
  over = true;
  await writing;
  await session.close();
  await shipped(harness, 'a');
  expect(await roundOf(harness, 'a')).toMatchObject({ roundId: 1, status: 'DOING' });
  const medium = openFileMedium(`${harness.directory}/a/archive`);
  for (const piece of await controller.catalog.read((tx) => tx.archives.pieces.list({ tenantId }))) {
    const { logDirectory, log } = pieceLsKeys(piece, 1001);
    for (const { name } of await medium.list(logDirectory)) {
      const source = await medium.openObject(log(parseLogFile(name) ?? 0));
      const { lastScn } = await scanLogFile(source).finally(() => source.close());
      expect(lastScn ?? 0n).toBeLessThan(piece.endScn);
    }
    expect(piece.checkpointScn).toBeLessThan(piece.endScn);
  }
  expect(await restoredValue(harness, 'a', 'b', count)).toBe(String(commits));
});
