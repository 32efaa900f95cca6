import { faultText } from '../../base/errors.ts';
import type { Scn } from '../../base/scn.ts';
import type { Tenant } from '../../catalog/tenants.ts';
import { applyLog, type LogInput } from '../../copy/apply-log.ts';
import { unwrapKey } from '../../copy/keys.ts';
import { readFormatFile } from '../../destination/identity.ts';
import type { Medium } from '../../media/medium.ts';
import { followPieces } from '../../policy/piece-chain.ts';
import type { Controller } from '../controller.ts';
import { type FoundPiece, logFileKeys, readPieces } from '../restore/read-archive-path.ts';
import { logKeyPurpose } from '../restore/source-keys.ts';
import { readStored } from '../tenant-destination.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import { masterKeys } from '../tenant-keys.ts';
import { noteStandbyPoint, settleStandbyPoint } from './standby-point.ts';

/** What a standby's reading remembers between turns; worthless after a restart. */
export interface LogPlace {
  /** Pieces that are frozen and therefore never change, by their directory. */
  readonly frozen: Map<string, FoundPiece>;
  /** The file the log goes on in; null when it must be looked for. */
  file: { readonly roundId: number; readonly pieceId: number; readonly name: string } | null;
  /** Whether the tenant's row is known to say how far it is. */
  settled: boolean;
  /** Who archives there. */
  origin: { readonly clusterId: number; readonly tenantId: number } | null;
}

export function newLogPlace(): LogPlace {
  return { frozen: new Map(), file: null, settled: false, origin: null };
}

export function forgetLogPlace(place: LogPlace): void {
  place.frozen.clear();
  place.file = null;
  place.settled = false;
  place.origin = null;
}

/**
 * Takes a standby as far as its log source and RECOVERY_UNTIL_SCN allow, in batches after each of which it is whole and its row
 * says how far it is (as after each turn of a long one), and `gotOn` is called. Returns when there is nothing more for now; throws
 * -4018 when the log has a hole.
 */
export async function rollStandby(
  controller: Controller,
  tenant: Tenant,
  place: LogPlace,
  signal: AbortSignal,
  gotOn: () => void,
): Promise<void> {
  const { tenantId } = tenant;
  const { catalog } = controller;
  const source = await catalog.read((tx) => tx.restores.logSources.get({ tenantId, id: 1 }));
  if (source?.type !== 'LOCATION') return;
  const medium = controller.openMedium(readStored(catalog.secrets, tenantId, source.value.replace(/^LOCATION=/, '')));
  try {
    const known = place.settled ? (tenant.syncScn ?? 0n) : await settleStandbyPoint(controller, tenantId);
    if (known === null) return;
    place.settled = true;
    place.origin ??= await readOrigin(medium, signal);
    for (let syncScn = known; ; ) {
      const reached = await rollBatch({ controller, tenant, place, medium, signal }, syncScn);
      if (reached === null || reached <= syncScn) return;
      syncScn = reached;
      gotOn();
    }
  } finally {
    await medium.close().catch(() => undefined);
  }
}

interface RollRun {
  readonly controller: Controller;
  readonly tenant: Tenant;
  readonly place: LogPlace;
  readonly medium: Medium;
  readonly signal: AbortSignal;
}

async function readOrigin(medium: Medium, signal: AbortSignal): Promise<NonNullable<LogPlace['origin']>> {
  const format = await readFormatFile(medium, signal);
  if (format === null) throw faultText('OB_BACKUP_FILE_NOT_EXIST', 'the log restore source has no format file');
  return { clusterId: format.clusterId, tenantId: format.tenantId };
}

/** One batch, so large that a commit ends in it; null when the archive or the wish goes no further for now. */
async function rollBatch(
  run: RollRun,
  syncScn: Scn,
  mostBytes = run.controller.settings.rollBatchBytes,
): Promise<Scn | null> {
  const { controller, tenant, place, medium, signal } = run;
  const wanted = await controller.catalog.read((tx) => tx.tenants.get({ tenantId: tenant.tenantId })?.recoveryUntilScn);
  if (wanted === undefined || wanted === null || wanted <= syncScn) return null;
  const pieces = await readPieces(medium, { frozen: place.frozen }, signal);
  const chain = followPieces(pieces, syncScn);
  const last = chain.at(-1);
  if (!last) throw faultText('OB_ENTRY_NOT_EXIST', 'No enough log for restore');
  const untilScn = last.checkpointScn < wanted ? last.checkpointScn : wanted;
  if (untilScn <= syncScn) {
    const later = pieces.find((piece) => piece.roundId > last.roundId && piece.fileStatus === 'AVAILABLE');
    if (later === undefined) return null;
    const gap = `round ${last.roundId} ends at ${last.checkpointScn}, round ${later.roundId} begins at ${later.startScn}`;
    throw faultText('OB_ENTRY_NOT_EXIST', `No enough log for restore: ${gap}`);
  }
  const files = await filesFrom(run, chain, mostBytes);
  const whole = files.left.length === 0;
  const engine = await tenantEngineOf(controller, tenant.tenantId);
  const target = await engine.beginRoll();
  let further = false;
  try {
    const { lastScn, goesOnIn } = await applyLog({
      files: openFiles(medium, files.taken, signal),
      target: target.writer,
      afterScn: syncScn,
      untilScn,
      keyFor: keyOpener(run),
      workers: controller.workers,
      signal,
      clock: controller.clock,
    });
    const throughScn = whole ? checkedEnd(chain, lastScn, untilScn) : lastScn;
    signal.throwIfAborted();
    const goesOn = files.taken.findIndex(({ name }) => name === goesOnIn);
    if (throughScn > syncScn) {
      const { tenantId } = tenant;
      // A fault between two turns leaves the commits of the first ones in the tenant.
      place.settled = false;
      const onTurn = async (scn: Scn) => void (await noteStandbyPoint(controller, tenantId, scn));
      await target.apply(throughScn, { onTurn, signal });
      place.file = files.taken[goesOn] ?? place.file;
      await noteStandbyPoint(controller, tenantId, throughScn);
      place.settled = true;
      return throughScn;
    }
    // Nothing new up to there: it need not be read again.
    further = goesOn > 0;
    place.file = files.taken[goesOn] ?? place.file;
  } finally {
    await target.end();
  }
  return whole ? syncScn : rollBatch(run, syncScn, further ? mostBytes : 2 * mostBytes);
}

/** The checkpoint promised records up to the newest commit; fewer mean that a log file has lost its end. */
function checkedEnd(chain: readonly FoundPiece[], lastScn: Scn, untilScn: Scn): Scn {
  const recorded = chain.reduce(
    (most, { startScn, maxScn }) => (maxScn > startScn && maxScn > most ? maxScn : most),
    0n,
  );
  const needed = recorded < untilScn ? recorded : untilScn;
  if (lastScn < needed) throw faultText('OB_ENTRY_NOT_EXIST', 'No enough log for restore');
  return untilScn;
}

interface LogFile {
  readonly roundId: number;
  readonly pieceId: number;
  readonly name: string;
}

/** The files to read next, as many as a batch holds, and those behind them. */
async function filesFrom({ medium, place, signal }: RollRun, chain: readonly FoundPiece[], mostBytes: number) {
  const all: LogFile[] = [];
  for (const piece of chain) {
    const { roundId, pieceId } = piece;
    const { file } = place;
    if (file !== null && (file.roundId > roundId || (file.roundId === roundId && file.pieceId > pieceId))) continue;
    for (const name of await logFileKeys(medium, piece, signal)) all.push({ roundId, pieceId, name });
  }
  const from = Math.max(
    0,
    all.findIndex(({ name }) => name === place.file?.name),
  );
  const files = all.slice(from);
  let bytes = 0;
  let count = 0;
  while (count < files.length && (count < 2 || bytes < mostBytes)) {
    bytes += (await medium.head(files[count]!.name, signal))?.sizeBytes ?? 0;
    count++;
  }
  return { taken: files.slice(0, count), left: files.slice(count) };
}

/** Opens one file after the other. */
async function* openFiles(medium: Medium, files: readonly LogFile[], signal: AbortSignal): AsyncGenerator<LogInput> {
  for (const file of files) {
    const source = await medium.openObject(file.name, signal);
    try {
      yield { source, name: file.name };
    } finally {
      await source.close().catch(() => undefined);
    }
  }
}

/** Keys the tenant brought along, and those of the tenant that archives when it lives in this cluster. */
function keyOpener({ controller, tenant, place }: RollRun) {
  const { catalog, cluster } = controller;
  const origin = place.origin?.clusterId === cluster.id ? place.origin.tenantId : null;
  const masters = catalog.read((tx) => [
    ...masterKeys(tx, catalog.secrets, tenant.tenantId),
    ...(origin === null ? [] : masterKeys(tx, catalog.secrets, origin)),
  ]);
  masters.catch(() => undefined);
  return async (
    header: Parameters<typeof logKeyPurpose>[0] & { readonly encrypted: boolean; readonly wrappedKey: Uint8Array },
  ) => (header.encrypted ? unwrapKey(header.wrappedKey, await masters, logKeyPurpose(header)) : null);
}
