import { fault } from '../../base/errors.ts';
import type { DeleteJob, DeleteTask } from '../../catalog/deletions.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import type { DestType } from '../../destination/codec/identity-files.ts';
import { type Destination, shownPath } from '../../destination/destination.ts';
import { requireFormat } from '../../destination/identity.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import type { Controller } from '../controller.ts';
import { asRegistered, expectedFormat, openPaced, readStored } from '../tenant-destination.ts';
import type { CleanPlace } from './clean-places.ts';
import { tagsOn } from './tagging.ts';

/** Everything one run of a clean-up job works on. */
export interface CleanRun {
  readonly controller: Controller;
  readonly job: DeleteJob;
  readonly tenant: Tenant;
  readonly signal: AbortSignal;
  readonly media: CleanMedia;
}

/** Why a running clean-up is stopped from outside. */
export class CleanCanceled extends Error {
  override readonly name = 'CleanCanceled';
}

/** A fault that one of several tasks under way met; `cause` is what was thrown. */
export class TaskFault extends Error {
  override readonly name = 'TaskFault';
  readonly task: DeleteTask;

  constructor(task: DeleteTask, cause: unknown) {
    super(`task ${task.taskId} failed`, { cause });
    this.task = task;
  }
}

/**
 * The media of a run at the pace of their destinations, each opened at its first use and kept to the end: one that is unmounted
 * meanwhile shows.
 */
export class CleanMedia {
  readonly #controller: Controller;
  readonly #tenantId: number;
  readonly #open = new Map<string, Promise<Medium>>();
  readonly #names = new Map<string, Promise<readonly string[]>>();

  constructor(controller: Controller, tenantId: number) {
    this.#controller = controller;
    this.#tenantId = tenantId;
  }

  at(place: CleanPlace): Promise<Medium> {
    const known = this.#open.get(place.text);
    if (known) return known;
    const { catalog } = this.#controller;
    const opened = catalog
      .read((tx) => asRegistered(tx, catalog.secrets, this.#tenantId, this.#destinationOf(place)))
      .then((destination) => openPaced(this.#controller, this.#tenantId, destination));
    this.#open.set(place.text, opened);
    return opened;
  }

  /** True where `delete_mode=tagging` has objects marked instead of removed. */
  tags(place: CleanPlace): boolean {
    return tagsOn(this.#destinationOf(place));
  }

  shownPath(place: CleanPlace): string {
    return shownPath(this.#destinationOf(place));
  }

  #destinationOf(place: CleanPlace): Destination {
    return readStored(this.#controller.catalog.secrets, this.#tenantId, place.text);
  }

  /** Names in a directory that may hold thousands of them, listed once a run. */
  namesIn(place: CleanPlace, directory: string, signal: AbortSignal): Promise<readonly string[]> {
    const key = `${place.text}\n${directory}`;
    const known = this.#names.get(key);
    if (known) return known;
    const listed = this.at(place)
      .then((medium) => medium.list(directory, signal))
      .then((entries) => entries.filter((entry) => entry.kind === 'object').map((entry) => entry.name));
    this.#names.set(key, listed);
    return listed;
  }

  /** Nobody waits for a medium that does not come back. */
  close(): void {
    for (const opened of this.#open.values()) void opened.then((medium) => medium.close()).catch(() => undefined);
    this.#open.clear();
  }
}

/** The medium of a place once its format file was held against what was accepted: -9080 or -9081 else. */
export async function requirePlace(run: CleanRun, place: CleanPlace, destType: DestType): Promise<Medium> {
  const { controller, tenant, signal } = run;
  const { catalog } = controller;
  const expected = await catalog.read((tx) => {
    const destination = readStored(catalog.secrets, tenant.tenantId, place.text);
    return expectedFormat(tx, controller, tenant, destination, destType);
  });
  const medium = await run.media.at(place);
  await withCodedErrors(() => requireFormat(medium, expected, signal));
  return medium;
}

/** The tenant of a job; -5157 when it is gone. */
export async function tenantOfJob(controller: Controller, job: DeleteJob): Promise<Tenant> {
  const tenant = await controller.catalog.read((tx) => tx.tenants.get({ tenantId: job.tenantId }));
  if (tenant === null) throw fault('OB_TENANT_NOT_EXIST', String(job.tenantId));
  return tenant;
}
