import type { Scn } from '../../base/scn.ts';
import type { ArchiveRound } from '../../catalog/archives.ts';
import type { Repositories } from '../../catalog/catalog.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { requireFormat } from '../../destination/identity.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { LogGapError } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { jobResult } from '../job-result.ts';
import {
  archiveDestination,
  archiveDestNo,
  expectedFormat,
  openPaced,
  type TenantArchiveDest,
} from '../tenant-destination.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { writePieceEnd, writeRoundEnd, writeRoundStart } from './archive-files.ts';
import { ArchiveStream } from './archive-stream.ts';
import { ArchiveTrouble } from './archive-trouble.ts';
import { foldArchivedLog, foldPlainLog, giveUpBacklog, holdWriters, noteSizes } from './fold-log.ts';
import { LagTarget } from './lag-target.ts';
import { closeQuietly } from './newest-log-file.ts';
import { activePiece, beginRound, moveRound, prepareRound, roundMemory, stopRound } from './round-steps.ts';
import { StopPatience } from './stop-patience.ts';

/** What the catalog says about one tenant's archive. */
interface ArchiveView {
  readonly tenant: Tenant;
  readonly dest: TenantArchiveDest | null;
  readonly round: ArchiveRound | null;
}

interface Running {
  readonly stream: ArchiveStream;
  readonly medium: Medium;
}

/** What the comment of a round says whose log was gone before it was archived. */
const interruptedText = 'log stream 1001 interrupted';

/** The archive of one tenant: brings its round from state to state, and keeps the stream open between passes. */
export class TenantArchive {
  readonly #controller: Controller;
  readonly #tenantId: number;
  readonly #trouble: ArchiveTrouble;
  readonly #patience: StopPatience;
  readonly #lagTarget: LagTarget;
  #running: Running | null = null;
  #upkeepUs = 0;
  #upkeepDue = true;

  constructor(controller: Controller, tenantId: number) {
    this.#controller = controller;
    this.#tenantId = tenantId;
    this.#trouble = new ArchiveTrouble(controller, tenantId);
    this.#patience = new StopPatience(controller);
    this.#lagTarget = new LagTarget(controller, tenantId);
  }

  /** One pass: takes the round as far as it goes now. A failure is told and tried again after a pause. */
  async step(signal: AbortSignal): Promise<void> {
    if (this.#trouble.pausing) return;
    const { clock, settings } = this.#controller;
    // A clock that was set back does not put it off.
    this.#upkeepDue = Math.abs(clock.nowUs() - this.#upkeepUs) >= settings.noteSizesMs * 1000;
    if (this.#upkeepDue) this.#upkeepUs = clock.nowUs();
    try {
      while (await this.#advance(signal)) signal.throwIfAborted();
      if (this.#upkeepDue) await noteSizes(this.#controller, this.#tenantId);
      this.#trouble.over();
    } catch (error) {
      await this.close();
      if (signal.aborted) return;
      if (error instanceof LogGapError) return this.#interrupt(error);
      await this.#trouble.note(error);
      await this.#limitBacklog();
    }
  }

  /** Ends every wait on the medium: the tenant is being dropped, or the server stops. */
  abandon(reason: Error): void {
    this.#patience.abandon(reason);
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    await running.stream.close();
    await closeQuietly(running.medium);
  }

  /** One move; true when the next one can follow at once. */
  async #advance(signal: AbortSignal): Promise<boolean> {
    const view = await viewOf(this.#controller, this.#tenantId);
    if (view === null) {
      await this.close();
      return false;
    }
    const { round } = view;
    await holdWriters(this.#controller, this.#tenantId, keepsLog(view));
    const wanted = wantedState(view);
    if (round === null || round.status === 'STOP') {
      if (wanted === 'run') return this.#prepare(view);
      if (this.#foldDue) await foldPlainLog(this.#controller, this.#tenantId);
      return false;
    }
    if (round.status === 'STOPPING') return this.#stop(round, view, signal);
    if (wanted === 'stop') return this.#move(round, 'STOPPING');
    switch (round.status) {
      case 'PREPARE':
        return this.#begin(round);
      case 'BEGINNING':
        return this.#ship(round, view, signal);
      case 'DOING':
        return wanted === 'defer' ? this.#move(round, 'SUSPENDING') : this.#ship(round, view, signal);
      case 'SUSPENDING':
        return this.#suspend(round, view, signal);
      case 'SUSPEND':
        if (wanted === 'run') return this.#move(round, 'BEGINNING');
        await this.#limitBacklog();
        return false;
      case 'INTERRUPTED':
        await this.close();
        if (this.#foldDue) await foldPlainLog(this.#controller, this.#tenantId);
        return false;
    }
  }

  get #foldDue(): boolean {
    return this.#upkeepDue || this.#controller.foldWishes.has(this.#tenantId);
  }

  async #move(round: ArchiveRound, status: 'STOPPING' | 'SUSPENDING' | 'BEGINNING'): Promise<true> {
    await this.#controller.catalog.transaction((tx) => moveRound(tx, round, status));
    return true;
  }

  /** Checks the destination again, format file included, and makes the round. */
  async #prepare(view: ArchiveView): Promise<boolean> {
    const { dest } = view;
    if (dest === null) return false;
    const medium = await this.#openDestination(view, dest);
    await closeQuietly(medium);
    const { catalog } = this.#controller;
    return catalog.transaction((tx) => prepareRound(tx, catalog.secrets, this.#tenantId, dest));
  }

  async #begin(round: ArchiveRound): Promise<true> {
    const engine = await tenantEngineOf(this.#controller, this.#tenantId);
    const source = await engine.log();
    // Rounds never overlap, also when the clock was set back and the tenant lost its newest commits.
    source.stayAbove(await this.#controller.catalog.read((tx) => lastArchivedScn(tx, this.#tenantId)));
    const { scn, position } = await source.barrier();
    await this.#controller.catalog.transaction((tx) => beginRound(tx, round, scn, position));
    return true;
  }

  /** True when a round that was BEGINNING is DOING now: what else is wished can follow. */
  async #ship(round: ArchiveRound, view: ArchiveView, signal: AbortSignal): Promise<boolean> {
    const { stream, medium } = await this.#open(round, view);
    const begins = round.status === 'BEGINNING';
    if (begins) await writeRoundStart(medium, round, this.#patience.signal);
    await stream.advance(signal);
    if (begins) await this.#controller.catalog.transaction((tx) => moveRound(tx, round, 'DOING'));
    else await foldArchivedLog(this.#controller, this.#tenantId, stream);
    if (this.#upkeepDue) await this.#lagTarget.refresh();
    this.#lagTarget.follow();
    return begins;
  }

  /** SUSPENDING: ships once more when the medium lets it; what is left is shipped when the round goes on. */
  async #suspend(round: ArchiveRound, view: ArchiveView, signal: AbortSignal): Promise<boolean> {
    try {
      await (await this.#open(round, view)).stream.advance(signal);
    } catch (error) {
      if (signal.aborted || error instanceof LogGapError) throw error;
      await this.#trouble.note(error);
    }
    await this.close();
    await this.#controller.catalog.transaction((tx) => moveRound(tx, round, 'SUSPEND'));
    return false;
  }

  /** STOPPING: the files that end the round, or, when the medium does not take them within `forceStopMs`, the row alone. */
  async #stop(round: ArchiveRound, view: ArchiveView, signal: AbortSignal): Promise<boolean> {
    this.#patience.begin();
    let comment = round.comment;
    try {
      if (round.startScn > 0n) await this.#endRound(round, view, signal);
    } catch (error) {
      const given = signal.aborted || error instanceof LogGapError ? null : this.#patience.failed(error);
      if (given === null) throw error;
      comment = `force stop, result: ${jobResult(this.#controller, given).code}`;
    }
    await this.close();
    await this.#controller.catalog.transaction((tx) => stopRound(tx, round, comment));
    this.#patience.end();
    return true;
  }

  /** The last of the log, then the files that end piece and round; those say the same however often they are written. */
  async #endRound(round: ArchiveRound, view: ArchiveView, signal: AbortSignal): Promise<void> {
    if (!roundMemory(round).drained) await (await this.#open(round, view)).stream.drain(signal);
    await this.close();
    const { catalog } = this.#controller;
    const { live, piece, progress } = await catalog.read((tx) => ({
      live: tx.archives.rounds.get({ tenantId: this.#tenantId, destNo: archiveDestNo }) ?? round,
      ...activePiece(tx, round),
    }));
    if (view.dest === null) return;
    const medium = await this.#openDestination(view, view.dest);
    try {
      await writePieceEnd(medium, piece, progress, this.#patience.signal);
      await writeRoundEnd(medium, live, this.#patience.signal);
    } finally {
      await closeQuietly(medium);
    }
  }

  /** The stream of a running round; the destination is held against its format file whenever it is opened. */
  async #open(round: ArchiveRound, view: ArchiveView): Promise<Running> {
    if (this.#running !== null) return this.#running;
    if (view.dest === null) throw new Error(`round ${round.roundId} of tenant ${this.#tenantId} has no destination`);
    const medium = await this.#openDestination(view, view.dest);
    try {
      const stream = await ArchiveStream.open(this.#controller, round, medium, this.#patience.signal);
      this.#running = { medium, stream };
      return this.#running;
    } catch (error) {
      await closeQuietly(medium);
      throw error;
    }
  }

  async #openDestination({ tenant }: ArchiveView, { destination }: TenantArchiveDest): Promise<Medium> {
    const expected = await this.#controller.catalog.read((tx) =>
      expectedFormat(tx, this.#controller, tenant, destination, 'archive_log'),
    );
    const medium = openPaced(this.#controller, this.#tenantId, destination);
    try {
      await withCodedErrors(() => requireFormat(medium, expected, this.#patience.signal));
      return medium;
    } catch (error) {
      await closeQuietly(medium);
      throw error;
    }
  }

  /** Part of the log is gone before it was archived: the round cannot go on, and says so. A round that ends anyway ends there. */
  async #interrupt(error: LogGapError | null): Promise<void> {
    const { catalog, log } = this.#controller;
    log.error('log archive interrupted: log is missing', { tenantId: this.#tenantId, reason: error?.message });
    await catalog.transaction((tx) => {
      const round = tx.archives.rounds.get({ tenantId: this.#tenantId, destNo: archiveDestNo });
      if (round === null || round.status === 'STOP') return;
      const status = round.status === 'STOPPING' ? 'STOPPING' : 'INTERRUPTED';
      moveRound(tx, round, status, { comment: interruptedText, stepData: { ...roundMemory(round), drained: true } });
    });
  }

  /** With BINDING = OPTIONAL a log that cannot be archived does not fill the disk: the round ends first, then the log is folded. */
  async #limitBacklog(): Promise<void> {
    const view = await viewOf(this.#controller, this.#tenantId);
    if (view?.dest?.binding !== 'OPTIONAL') return;
    await giveUpBacklog(this.#controller, this.#tenantId, () => this.#interrupt(null));
  }
}

/** A round with BINDING = MANDATORY gives up nothing of the log, but when it is interrupted anyway. */
function keepsLog({ dest, round }: ArchiveView): boolean {
  if (dest?.binding !== 'MANDATORY' || round === null) return false;
  return round.status !== 'STOP' && round.status !== 'INTERRUPTED' && round.startScn > 0n;
}

function lastArchivedScn(tx: Repositories, tenantId: number): Scn {
  const rounds = tx.archives.roundHistory.list({ tenantId });
  return rounds.reduce((last, { checkpointScn }) => (checkpointScn > last ? checkpointScn : last), 0n);
}

function wantedState({ tenant, dest }: ArchiveView): 'run' | 'defer' | 'stop' {
  if (tenant.logMode !== 'ARCHIVELOG' || dest === null) return 'stop';
  return dest.state === 'DEFER' ? 'defer' : 'run';
}

function viewOf(controller: Controller, tenantId: number): Promise<ArchiveView | null> {
  return controller.catalog.read((tx) => {
    const tenant = tx.tenants.get({ tenantId });
    if (tenant === null || tenant.status !== 'NORMAL') return null;
    return {
      tenant,
      dest: archiveDestination(tx, controller.catalog.secrets, tenantId),
      round: tx.archives.rounds.get({ tenantId, destNo: archiveDestNo }),
    };
  });
}
