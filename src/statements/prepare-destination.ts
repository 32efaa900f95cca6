import { fault, ObError } from '../base/errors.ts';
import { Mutex } from '../base/mutex.ts';
import type { Catalog, Repositories } from '../catalog/catalog.ts';
import type { Tenant } from '../catalog/tenants.ts';
import type { DestType } from '../destination/codec/identity-files.ts';
import { type Destination, endpointText, maskDestination } from '../destination/destination.ts';
import { configureDeadlineMs } from '../destination/limits.ts';
import { mapMediumError } from '../destination/medium-fault.ts';
import type { ProbeFindings } from '../destination/permission-probe.ts';
import { type DestinationCatalog, prepareDestination, type StorageInfo } from '../destination/register.ts';
import type { Controller } from '../jobs/controller.ts';
import { sealKeyOf, writerIdentity } from '../jobs/tenant-destination.ts';
import { type Medium, MediumError } from '../media/medium.ts';
import { orCancelled } from '../media/or-cancelled.ts';
import type { Speaker } from './statement-handler.ts';

/** The kernel drops options it does not know without a word; here the client is told. */
export function warnOfIgnored(destination: Destination, speaker: Speaker): void {
  for (const name of destination.ignored)
    speaker.warn('Warning', 1210, `destination option '${name}' is unknown and was ignored`);
}

/** A change of the catalog that is made when the destination has been accepted. */
type Change = (tx: Repositories) => void;

/** Which destination is made ready, for whom, and who is told what was met. */
export interface PrepareOrder {
  readonly tenant: Pick<Tenant, 'tenantId' | 'tenantName'>;
  readonly destination: Destination;
  readonly destType: DestType;
  readonly speaker: Speaker;
  /** The destination is in use: its format file must be there. */
  readonly known?: boolean;
}

/**
 * Steps 4 to 8 of setting a destination. What the catalog must learn of it is committed as soon as the format file stands, together with
 * what `settle` does: were it to wait for anything that may yet be refused or fail, the directory would answer 9081 for ever. Who
 * comes to the same directory meanwhile waits, and then meets a format file.
 */
export function prepare<T>(
  controller: Controller,
  order: PrepareOrder,
  settle: (tx: Repositories, destId: number) => T,
): Promise<T> {
  return taking(controller, order, async () => {
    const { destId, changes } = await accept(controller, order);
    return controller.catalog.transaction((tx) => {
      for (const change of changes) change(tx);
      return settle(tx, destId);
    });
  });
}

/** One statement at a time takes a directory into use. */
const turns = new WeakMap<Catalog, Map<string, { readonly mutex: Mutex; waiting: number }>>();

/** Runs `work` in its turn; 9070 when that has not come after as long as the statement before may take. */
async function taking<T>(
  { catalog }: Controller,
  { destination, speaker: { signal } }: PrepareOrder,
  work: () => Promise<T>,
): Promise<T> {
  const ofCatalog = turns.get(catalog) ?? new Map<string, { readonly mutex: Mutex; waiting: number }>();
  turns.set(catalog, ofCatalog);
  const place = `${destination.path}?${endpointText(destination)}`;
  const turn = ofCatalog.get(place) ?? { mutex: new Mutex(), waiting: 0 };
  ofCatalog.set(place, turn);
  turn.waiting += 1;
  const over = AbortSignal.any([AbortSignal.timeout(configureDeadlineMs), ...(signal ? [signal] : [])]);
  const begun = Promise.withResolvers<void>();
  const done = turn.mutex.run(() => {
    if (over.aborted) throw fault('OB_BACKUP_DEST_NOT_CONNECT');
    begun.resolve();
    return work();
  });
  const leave = () => {
    turn.waiting -= 1;
    if (turn.waiting === 0) ofCatalog.delete(place);
  };
  done.then(leave, leave);
  await orCancelled(begun.promise, '', over).catch(() => {
    throw fault('OB_BACKUP_DEST_NOT_CONNECT');
  });
  return done;
}

async function accept(
  controller: Controller,
  { tenant, destination, destType, speaker, known = false }: PrepareOrder,
): Promise<{ readonly destId: number; readonly changes: readonly Change[] }> {
  const { tenantId } = tenant;
  const { release } = controller;
  const changes: Change[] = [];
  let medium: Medium | null = null;
  try {
    // Opening may find that no such place can exist.
    medium = controller.openMedium({ ...destination, patience: 'statement' });
    const { destId, findings } = await prepareDestination({
      release,
      known,
      medium,
      ...(speaker.signal === undefined ? {} : { cancel: speaker.signal }),
      destination,
      destType,
      identity: writerIdentity(controller, tenant),
      clock: controller.clock,
      seal: sealKeyOf(controller.catalog.secrets, tenantId, destination.path),
      catalog: destinationCatalog(controller, tenantId, destination, changes),
    });
    const unguarded = findings === null ? null : unguardedBy(findings);
    if (unguarded !== null) speaker.warn('Warning', fault('OB_NOT_SUPPORTED').errno, unguarded);
    return { destId, changes };
  } catch (error) {
    const coded = mapMediumError(error, 'configuring', { scheme: destination.scheme, release });
    explain(coded, [destination], speaker);
    throw coded;
  } finally {
    // What hangs hangs on; the answer does not wait for it.
    void medium?.close().catch(() => undefined);
  }
}

/**
 * What the client is told of a destination that does not keep two writers apart; null where it does. It is taken all the same: the
 * format file, by which two find out about each other, is read by every job before it writes (9081).
 */
function unguardedBy({ createOnly, createRace }: ProbeFindings): string | null {
  if (createOnly && createRace === null) return null;
  const what = createOnly
    ? `may let two writers of one name succeed in the same moment (${createRace})`
    : 'takes a second object of the same name (the store does not look at the condition)';
  return `the destination ${what}; nothing but this cluster should write to it`;
}

/** The kernel's texts do not say which of many troubles it was; the medium's own words stand beside them in SHOW WARNINGS. */
export function explain(error: unknown, destinations: readonly Destination[], speaker: Speaker): void {
  if (!(error instanceof ObError) || !(error.cause instanceof MediumError)) return;
  speaker.warn('Warning', error.errno, toldWithoutSecrets(error.cause.message, ...destinations));
}

/** What a medium said, fit for a client: secrets masked wherever they stand, printable, cut. */
export function toldWithoutSecrets(text: string, ...destinations: readonly Destination[]): string {
  const secrets = destinations
    .flatMap(({ authorization: { accessKey } }) => [accessKey, encodeURIComponent(accessKey)])
    .filter((secret) => secret !== '');
  const told = secrets.reduce((masked, secret) => masked.replaceAll(secret, '******'), text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a server said may hold anything
  const printable = maskDestination(told).replace(/[\u0000-\u001f\u007f]/g, ' ');
  return printable.slice(0, hintCharacters);
}

const hintCharacters = 300;

function destinationCatalog(
  controller: Controller,
  tenantId: number,
  destination: Destination,
  changes: Change[],
): DestinationCatalog {
  let saved: StorageInfo | null = null;
  return {
    find: (path, endpoint) =>
      controller.catalog.read((tx) => {
        const row = tx.destinations.storageInfo.get({ tenantId, path, endpoint });
        return (
          row && {
            path,
            endpoint,
            destId: row.destId ?? 0,
            destType: row.destType ?? '',
            authorization: row.authorization,
            extension: row.extension,
            checkFileName: row.checkFileName ?? '',
            lastCheckUs: row.lastCheckUs ?? 0,
            maxIops: row.maxIops,
            maxBandwidth: row.maxBandwidth,
          }
        );
      }),
    nextDestId: () => controller.catalog.transaction((tx) => tx.counters.next(tenantId, 'dest')),
    markDeleted: (destId) => void changes.push((tx) => markDeleted(tx, tenantId, destId)),
    save: (row) => {
      if (saved === null) changes.push((tx) => saveStorageInfo(tx, tenantId, saved ?? row));
      saved = row;
    },
  };
  function saveStorageInfo(tx: Repositories, owner: number, row: StorageInfo): void {
    tx.destinations.storageInfo.put({
      tenantId: owner,
      path: row.path,
      endpoint: endpointText(destination),
      destId: row.destId === 0 ? null : row.destId,
      destType: row.destType === '' ? null : row.destType,
      authorization: row.authorization,
      extension: row.extension,
      checkFileName: row.checkFileName,
      lastCheckUs: row.lastCheckUs,
      // The limits are those of the text that was set last.
      maxIops: destination.maxIops,
      maxBandwidth: destination.maxBandwidth,
    });
  }
}

/** The path was emptied: what was recorded under its former number is gone. */
function markDeleted(tx: Repositories, tenantId: number, destId: number): void {
  for (const set of tx.backups.sets.list({ tenantId, destId })) tx.backups.sets.update(set, { fileStatus: 'DELETED' });
  for (const piece of tx.archives.pieces.list({ tenantId, destId })) {
    tx.archives.pieces.update(piece, { fileStatus: 'DELETED' });
  }
}
