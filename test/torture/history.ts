import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { moveClock, systemClock } from '../../src/base/clock.ts';
import { ObError } from '../../src/base/errors.ts';
import type { Release } from '../../src/base/release.ts';
import { brokenPieces, planPieceOf, planSetOf } from '../../src/catalog/plan-rows.ts';
import { createViews, viewSchema } from '../../src/catalog/view-reader.ts';
import { shownPath } from '../../src/destination/destination.ts';
import { dataDestination } from '../../src/jobs/tenant-destination.ts';
import { tenantEngineOf } from '../../src/jobs/tenant-engine-of.ts';
import { hasItsLog } from '../../src/policy/cleanup.ts';
import {
  type Harness,
  type HarnessOptions,
  makePool,
  makeTenant,
  roundOf,
  startArchiving,
  startHarness,
} from '../jobs/job-harness.ts';
import { createRandom, type Random } from './random.ts';

/** A moment at which nobody wrote, and what the tenant held then. */
export interface Moment {
  readonly scn: bigint;
  readonly contents: string;
}

/** A row of CDB_OB_RECOVERABLE_WINDOW that is no hole. */
export interface Window {
  readonly fromScn: bigint;
  readonly toScn: bigint;
  readonly dataPath: string;
  readonly archivePath: string | null;
}

export interface HistoryCounts {
  deeds: number;
  changes: number;
  backups: number;
  cleanUps: number;
  restarts: number;
  /** Restores that had to go well, and did. */
  restored: number;
  /** Restores that had to be refused, and were. */
  refused: number;
  /** Moments that a clean-up was allowed to give up, and did. */
  givenUp: number;
}

/** What sets are encrypted with. */
export const passwords = ['first', 'second'] as const;

const noCounts = { deeds: 0, changes: 0, backups: 0, cleanUps: 0, restarts: 0, restored: 0, refused: 0, givenUp: 0 };
const contentsOf = "SELECT CONCAT(COUNT(*), '/', SUM(id), '/', SUM(n), '/', SUM(CRC32(v))) FROM d.t";
const options = { settings: { foldLogBytes: 150_000, archiveWaitMs: 20_000 }, maxLogFileBytes: 60_000 };
const minuteMs = 60_000;

/** What restores beyond reach are told. */
const outOfReach = /^(No enough log for restore|no backup set path or log piece can be used to restore)$/;

/** A tenant with everything that was done to it since it was made, and what it must be restorable to. */
export class History {
  /** Made anew for each deed: what one draws does not depend on how long the others before it took. */
  random: Random;
  readonly counts: HistoryCounts = { ...noCounts };
  readonly told: string[] = [];
  harness!: Harness;
  tenantId = 0;
  row = 0;
  /** True while every moment must be promised once the archive has passed it: a set was made in the present round. */
  covered = false;
  /** True while the archive is to stand still. */
  deferred = false;
  readonly #directory = mkdtempSync(join(tmpdir(), 'obvault-history-'));
  readonly #moments: Moment[] = [];
  readonly #promised = new Set<Moment>();
  /** The newest set there was when something was last deleted by name. */
  #deletedByName = 0;
  #restores = 0;
  #aheadMs = 0;

  readonly #options: HarnessOptions;

  constructor(seed: number, release: Release) {
    this.random = createRandom(seed);
    this.#options = { directory: this.#directory, release, ...options };
  }

  async open(): Promise<void> {
    this.harness = await startHarness(this.#options);
    this.tenantId = await makeTenant(this.harness, 'a');
    await startArchiving(this.harness, 'a');
    await this.harness.sql('a', 'CREATE DATABASE d');
    await this.harness.sql('a', 'CREATE TABLE d.t (id INT PRIMARY KEY, n INT, v VARCHAR(900))');
    await this.harness.sql('a', "INSERT INTO d.t VALUES (0, 0, 'first')");
    await this.note();
  }

  async close(): Promise<void> {
    await this.harness.stop();
    moveClock(0);
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async restart(): Promise<void> {
    await this.harness.stop();
    this.harness = await startHarness(this.#options);
    this.counts.restarts++;
  }

  moveClock(byMs: number): void {
    this.#aheadMs += byMs;
    moveClock(this.#aheadMs);
  }

  /** Says a statement as the tenant; one that is refused must have one of these codes. */
  async say(sql: string, mayBe: readonly number[] = []): Promise<boolean> {
    try {
      await this.harness.say(sql, 'a');
      this.told.push(sql);
      return true;
    } catch (error) {
      this.told.push(`${sql} -- ${String(error)}`);
      if (error instanceof ObError && mayBe.includes(error.errno)) return false;
      throw error;
    }
  }

  /** Some passes of the drivers, whatever they come to. */
  async passes(count: number): Promise<void> {
    let left = count;
    await this.harness.until(async () => --left < 0);
  }

  async round() {
    return roundOf(this.harness, 'a');
  }

  /** Remembers what the tenant holds now. */
  async note(): Promise<Moment> {
    const contents = await this.#contents('a');
    const engine = await tenantEngineOf(this.harness.controller, this.tenantId);
    const { scn } = await (await engine.log()).barrier();
    const moment = { scn, contents };
    this.#moments.push(moment);
    return moment;
  }

  async #contents(tenant: string): Promise<string> {
    return (await this.harness.value(tenant, contentsOf)) ?? 'no rows';
  }

  async windows(): Promise<readonly Window[]> {
    const { catalog, release, clock } = this.harness.controller;
    const source = createViews(release, catalog).schemaProvider('sys', 'offset').table(viewSchema('sys'), windowView)!;
    const statement = catalog.readDatabase.prepare(source.sql).safeIntegers();
    const rows = statement.all({ tenantId: 1, timeZone: '+08:00', nowUs: clock.nowUs() }) as Record<string, unknown>[];
    return rows
      .filter((row) => row['KIND'] === 'WINDOW')
      .map((row) => ({
        fromScn: BigInt(String(row['FROM_SCN'])),
        toScn: BigInt(String(row['TO_SCN'])),
        dataPath: String(row['DATA_PATH']),
        archivePath: row['ARCHIVE_PATH'] === null ? null : String(row['ARCHIVE_PATH']),
      }));
  }

  /** No moment is lost that was promised, but those a clean-up was to give up; nothing is missing that must be there by now. */
  async checkPromises(): Promise<void> {
    await this.cleanUpsEnded();
    // Before the windows: the archive goes on meanwhile.
    const round = await this.round();
    const windows = await this.windows();
    const jobs = await this.harness.controller.catalog.read((tx) =>
      tx.deletions.jobs.list({ tenantId: this.tenantId }),
    );
    this.counts.cleanUps = jobs.length;
    const expiryScn = BigInt(Math.max(0, ...jobs.map((job) => job.parameter))) * 1000n;
    for (const moment of this.#promised) {
      if (isWithin(windows, moment.scn)) continue;
      assert.ok(moment.scn <= expiryScn, `${moment.scn} is not promised any more: ${text(windows)}`);
      this.#promised.delete(moment);
      this.counts.givenUp++;
    }
    for (const moment of this.#moments) if (isWithin(windows, moment.scn)) this.#promised.add(moment);
    await this.#checkLogOfSets();
    assert.notEqual(round?.status, 'INTERRUPTED', round?.comment);
    const last = this.#moments.at(-1)!;
    if (this.covered && round !== null && round.checkpointScn >= last.scn)
      assert.ok(isWithin(windows, last.scn), `${last.scn} must be promised: ${text(windows)}`);
  }

  /** What says SUCCESS on the present path can be restored to its own end, whatever keeps it. */
  async #checkLogOfSets(): Promise<void> {
    const { sets, pieces } = await this.#setsAndPieces();
    const bare = sets.filter(({ id }) => id > this.#deletedByName).filter((set) => !hasItsLog(pieces, set));
    assert.deepEqual(
      bare.map(({ id }) => id),
      [],
      'sets that say SUCCESS without their log',
    );
  }

  #setsAndPieces() {
    const { catalog } = this.harness.controller;
    const { tenantId } = this;
    return catalog.read((tx) => {
      const here = dataDestination(tx, catalog.secrets, tenantId);
      const path = here === null ? '' : shownPath(here);
      const sets = tx.backups.sets.list({ tenantId, path, status: 'SUCCESS', fileStatus: 'AVAILABLE' });
      const broken = brokenPieces(tx, tenantId);
      const pieces = tx.archives.pieces.list({ tenantId }).map((piece) => planPieceOf(piece, broken));
      return { sets: sets.map(planSetOf), pieces };
    });
  }

  /** Sets or pieces were deleted by name: what can be restored to from now on is what counts. */
  async forgetPromises(): Promise<void> {
    await this.cleanUpsEnded();
    this.counts.givenUp += this.#promised.size;
    this.#promised.clear();
    this.covered = false;
    this.#deletedByName = Math.max(0, ...(await this.#setsAndPieces()).sets.map(({ id }) => id));
  }

  async cleanUpsEnded(): Promise<void> {
    await this.harness.until(() => this.harness.controller.catalog.read((tx) => tx.deletions.liveJobs().length === 0));
  }

  /** A restore to a promised moment, which must go well and show what was there. */
  async restoreWithin(): Promise<void> {
    await this.cleanUpsEnded();
    const windows = await this.windows();
    if (windows.length === 0) return;
    const window = windows[this.random.below(windows.length)]!;
    const within = this.#moments.map(({ scn }) => scn).filter((scn) => isWithin([window], scn));
    const edges = [window.fromScn, window.toScn];
    const scn =
      within.length === 0 || this.random.below(4) === 0
        ? edges[this.random.below(2)]!
        : within[this.random.below(within.length)]!;
    const { name, refusal } = await this.#restore([window.dataPath, window.archivePath], scn);
    // A set's own log counts without an archive only.
    const found = refusal === null ? name : await this.#restoreFromData(window, scn, refusal);
    await this.#expectRestored(found, scn);
    this.counts.restored++;
  }

  async #restoreFromData(window: Window, scn: bigint, refusal: ObError): Promise<string> {
    const alone = await this.#restore([window.dataPath, null], scn);
    assert.equal(alone.refusal, null, `promised ${text([window])}, ${scn} refused: ${refusal.message}`);
    return alone.name;
  }

  /** A restore to a moment that is not promised, which must be refused in the documented words. */
  async restoreBeyond(): Promise<void> {
    await this.cleanUpsEnded();
    const windows = await this.windows();
    const [pair] = windows.length === 0 ? [] : [windows[this.random.below(windows.length)]!];
    if (pair === undefined) return;
    const same = windows.filter((one) => one.dataPath === pair.dataPath && one.archivePath === pair.archivePath);
    const beyond = [
      ...same.flatMap(({ fromScn, toScn }) => [fromScn - 1n, toScn + 1n]),
      ...this.#moments.map(({ scn }) => scn),
      systemClock.nowNs() + BigInt(60 * minuteMs) * 1_000_000n,
    ].filter((scn) => !isWithin(same, scn));
    const scn = beyond[this.random.below(beyond.length)]!;
    const { name, refusal } = await this.#restore([pair.dataPath, pair.archivePath], scn);
    if (refusal === null) {
      // The archive went on meanwhile, whose files are ahead of its rows.
      await this.harness.until(async () => isWithin(await this.windows(), scn));
      return this.#expectRestored(name, scn);
    }
    assert.equal(refusal.errno, 4018, String(refusal));
    assert.match(refusal.message, outOfReach);
    this.counts.refused++;
  }

  async #restore(
    paths: readonly (string | null)[],
    scn: bigint,
  ): Promise<{ readonly name: string; readonly refusal: ObError | null }> {
    const no = ++this.#restores;
    await makePool(this.harness, `p${no}`);
    const from = paths.filter((path) => path !== null).join(',');
    await this.harness.say(`SET DECRYPTION IDENTIFIED BY ${passwords.map((one) => `'${one}'`).join()}`);
    const sql = `ALTER SYSTEM RESTORE r${no} FROM '${from}' UNTIL SCN = ${scn} WITH 'pool_list=p${no}'`;
    const refusal = await this.harness.say(sql).then(
      () => null,
      (error: unknown) => error,
    );
    this.told.push(`${sql} -- ${refusal}`);
    if (refusal === null) return { name: `r${no}`, refusal };
    if (!(refusal instanceof ObError)) throw refusal;
    await this.harness.say(`DROP RESOURCE POOL p${no}`);
    return { name: '', refusal };
  }

  async #expectRestored(name: string, scn: bigint): Promise<void> {
    const { catalog } = this.harness.controller;
    // A clean-up comes due while the restore reads.
    if (this.random.below(3) === 0) this.moveClock(90 * minuteMs);
    const jobs = () => catalog.read((tx) => tx.restores.jobs.list({ restoreTenantName: name }));
    await this.harness.until(async () => (await jobs()).every((job) => job.history));
    const ends = (await jobs()).map(({ status, comment }) => `${status} ${comment}`);
    assert.deepEqual(ends, ['RESTORE_SUCCESS ', 'RESTORE_SUCCESS '], `to ${scn}`);
    const before = this.#moments.findLast((moment) => moment.scn <= scn);
    const next = this.#moments.find((moment) => moment.scn > scn);
    const may = before?.scn === scn ? [before] : [before, next];
    const contents = await this.#contents(name);
    assert.ok(
      before === undefined || may.some((moment) => moment?.contents === contents),
      `to ${scn}: ${contents} instead of ${may.map((moment) => moment?.contents).join(' or ')}`,
    );
    await this.harness.say(`DROP TENANT ${name} FORCE`);
    await this.harness.say(`DROP RESOURCE POOL p${name.slice(1)}`);
  }
}

const windowView = 'CDB_OB_RECOVERABLE_WINDOW';

function isWithin(windows: readonly Window[], scn: bigint): boolean {
  return windows.some(({ fromScn, toScn }) => fromScn <= scn && scn <= toScn);
}

function text(windows: readonly Window[]): string {
  return windows
    .map(({ fromScn, toScn, dataPath, archivePath }) => `${fromScn} to ${toScn} in ${dataPath} and ${archivePath}`)
    .join('; ');
}
