import type { LogSource, TenantEngine } from '../../tenants/tenant-engine.ts';
import type { Controller } from '../controller.ts';
import { tenantEngineOf } from '../tenant-engine-of.ts';
import type { ArchiveStream } from './archive-stream.ts';

/** Folds the log of a tenant nobody archives into its data file when it has grown, or when that is wished. */
export function foldPlainLog(controller: Controller, tenantId: number): Promise<void> {
  return fold(controller, tenantId, null);
}

/** As `foldPlainLog`; a seal in the archive proves first that everything is there. */
export function foldArchivedLog(controller: Controller, tenantId: number, stream: ArchiveStream): Promise<void> {
  return fold(controller, tenantId, stream);
}

async function fold(controller: Controller, tenantId: number, stream: ArchiveStream | null): Promise<void> {
  const { catalog, engines, foldWishes, settings } = controller;
  const wished = foldWishes.has(tenantId);
  if (!wished && !engines.isOpen(tenantId)) return;
  const engine = await tenantEngineOf(controller, tenantId);
  const bytes = await engine.logBytes();
  // A small log disk is not filled with log that could be folded.
  if (!wished && bytes < Math.min(settings.foldLogBytes, (await logRoomBytes(controller, tenantId)) / 2)) return;
  // The archive goes on while most of the log is folded, and has then little left to confirm.
  if (bytes > 0 && stream !== null && !foldedAhead(controller, engine)) return;
  const folded = bytes === 0 || (await engine.recycleLog(stream === null ? null : (position) => stream.seal(position)));
  // With something in the way it is tried again at the next pass.
  if (!wished || !folded) return;
  foldWishes.delete(tenantId);
  await catalog.transaction((tx) => tx.events.record('freeze', 'fold_log', { tenant_id: tenantId, bytes }));
}

/** True once after a fold ahead has come to its end, whatever came of it; begins one when there is none. */
function foldedAhead({ log }: Controller, engine: TenantEngine): boolean {
  const known = aheads.get(engine);
  if (known !== undefined) return known === 'over' && aheads.delete(engine);
  aheads.set(engine, 'under way');
  engine
    .foldAhead()
    .catch((error: unknown) => log.warn('a log was not folded ahead', { tenantId: engine.tenantId, error }))
    .finally(() => aheads.set(engine, 'over'));
  return false;
}

/** Engines whose logs are being folded ahead, or were. */
const aheads = new WeakMap<TenantEngine, 'under way' | 'over'>();

/**
 * Folds a log that could not be archived once what is not archived has outgrown its room: the tenant's log disk, at most
 * `archiveBacklogBytes`. `interrupt` must have written down that the round is over.
 */
export async function giveUpBacklog(
  controller: Controller,
  tenantId: number,
  interrupt: () => Promise<void>,
): Promise<void> {
  if (!controller.engines.isOpen(tenantId)) return;
  const engine = await tenantEngineOf(controller, tenantId);
  const source = await engine.log();
  if (source.backlogBytes() < (await logRoomBytes(controller, tenantId))) return;
  await interrupt();
  await engine.recycleLog(null);
}

/** Whether writers of the tenant wait when its log outgrows its room. An engine that is not open is told when it is. */
export async function holdWriters(controller: Controller, tenantId: number, mandatory: boolean): Promise<void> {
  if (!controller.engines.isOpen(tenantId)) return;
  const engine = await tenantEngineOf(controller, tenantId);
  const known = held.get(engine);
  if (known === undefined && !mandatory) return;
  const source = known ?? (await engine.log());
  held.set(engine, source);
  source.limitBacklog(mandatory ? await logRoomBytes(controller, tenantId) : null);
}

/** Engines whose writers are or were held back. */
const held = new WeakMap<TenantEngine, LogSource>();

function logRoomBytes(controller: Controller, tenantId: number): Promise<number> {
  const limitBytes = controller.settings.archiveBacklogBytes;
  return controller.catalog.read((tx) => {
    const disks = tx.resources
      .poolsOfTenant(tenantId)
      .map((pool) => tx.resources.unitConfigs.get({ unitConfigId: pool.unitConfigId })?.logDiskSize ?? 0n)
      .filter((bytes) => bytes > 0n);
    return Math.min(limitBytes, ...disks.map(Number));
  });
}

/** Writes the sizes of an open tenant down for the views, when they changed. */
export async function noteSizes(controller: Controller, tenantId: number): Promise<void> {
  const { catalog, engines } = controller;
  if (!engines.isOpen(tenantId)) return;
  const engine = await tenantEngineOf(controller, tenantId);
  const [dataBytes, logBytes] = [BigInt(await engine.dataBytes()), BigInt(await engine.logBytes())];
  const known = await catalog.read((tx) => tx.tenants.get({ tenantId }));
  if (known === null || (known.dataBytes === dataBytes && known.logBytes === logBytes)) return;
  await catalog.transaction((tx) => tx.tenants.update({ tenantId }, { dataBytes, logBytes }));
}
