import { fault, faultText } from '../base/errors.ts';
import type { Repositories } from '../catalog/catalog.ts';
import type { ValidateLevel } from '../catalog/proofs.ts';
import type { Tenant } from '../catalog/tenants.ts';
import type { Destination } from '../destination/destination.ts';
import { parseDestination } from '../destination/parse.ts';
import type { Controller } from '../jobs/controller.ts';
import { archiveDestination, dataDestination, destinationOfId } from '../jobs/tenant-destination.ts';
import { insertValidateJob, isFinal, type ValidateOrder, type ValidatePlace } from '../jobs/validate/validate-rows.ts';
import type { CancelValidate, ValidateBackup } from '../sql/statement.ts';
import { warnOfIgnored } from './prepare-destination.ts';
import { handler, type Speaker } from './statement-handler.ts';
import { isSys, namedTenant, ownTenant, resolveTenantList } from './tenant-clause.ts';

/** Numbers one statement may name. */
const maxIds = 1_000;

/**
 * ALTER SYSTEM VALIDATE: one job row for each tenant; what lies at the destinations is listed and read in the background.
 */
export const validateBackup = handler<'validateBackup', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve(statement, speaker, controller) {
    if (!isSys(speaker) && statement.tenant !== null) {
      throw fault('OB_NOT_SUPPORTED', 'user tenant cannot specify tenant names');
    }
    readLevel(statement);
    readIds(statement);
    const { tenant } = statement;
    if (tenant !== null) return void (await controller.catalog.read((tx) => resolveTenantList(tx, [tenant])));
    const ofOne = statement.ids !== null || statement.dataBackupDest !== null || statement.logArchiveDest !== null;
    if (isSys(speaker) && ofOne) throw fault('OB_INVALID_ARGUMENT', 'tenant name, should specify tenant name');
  },
  async check(statement, speaker, controller) {
    await controller.catalog.read((tx) => ordersOf(tx, statement, speaker, controller));
    for (const text of [statement.dataBackupDest, statement.logArchiveDest])
      if (text !== null) warnOfIgnored(readPath(text, controller), speaker);
    return null;
  },
  async run(_, statement, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      for (const order of ordersOf(tx, statement, speaker, controller)) insertValidateJob(tx, controller, order);
    });
    controller.wake.validate();
    return {};
  },
});

const types = { backup: 'BACKUP', backupset: 'BACKUPSET', archivelogPiece: 'ARCHIVELOG_PIECE' } as const;

function ordersOf(
  tx: Repositories,
  statement: ValidateBackup,
  speaker: Speaker,
  controller: Controller,
): readonly ValidateOrder[] {
  const { encryptionPassword, decryptionPasswords } = speaker.memory;
  const passwords = [...new Set([...decryptionPasswords, encryptionPassword ?? ''])].filter((text) => text !== '');
  const common = {
    type: types[statement.target],
    level: readLevel(statement),
    passwords,
    initiatorTenantId: speaker.loginTenant.tenantId,
  };
  const every = isSys(speaker) && statement.tenant === null;
  const tenants = every
    ? tx.tenants.users()
    : [statement.tenant === null ? ownTenant(tx, speaker) : namedTenant(tx, statement.tenant)];
  const orders = tenants
    .map((tenant) => ({ ...common, tenant, places: placesOf(tx, statement, tenant, controller) }))
    .filter(({ places }) => places.length > 0);
  if (orders.length === 0) throw fault('OB_BACKUP_CAN_NOT_START', 'backup dest is not set.');
  return orders;
}

/** What of a tenant is looked at; empty when it has no destination. */
function placesOf(
  tx: Repositories,
  statement: ValidateBackup,
  tenant: Tenant,
  controller: Controller,
): readonly ValidatePlace[] {
  const ids = readIds(statement);
  const data = statement.dataBackupDest === null ? null : readPath(statement.dataBackupDest, controller);
  const archive = statement.logArchiveDest === null ? null : readPath(statement.logArchiveDest, controller);
  const named: ValidatePlace[] = [
    ...(data && statement.target !== 'archivelogPiece'
      ? [{ kind: 'data' as const, destination: data, destId: null, ids }]
      : []),
    ...(archive && statement.target !== 'backupset'
      ? [{ kind: 'archive' as const, destination: archive, destId: null, ids }]
      : []),
  ];
  if (named.length > 0) return named;
  if (data !== null || archive !== null)
    throw fault('OB_INVALID_ARGUMENT', 'validate, the path is for another kind of backup');
  return [
    ...(statement.target === 'archivelogPiece' ? [] : dataPlaces(tx, tenant.tenantId, ids, controller)),
    ...(statement.target === 'backupset' ? [] : archivePlaces(tx, tenant.tenantId, ids, controller)),
  ];
}

/** The present data destination and every former one that still holds sets; with numbers those that hold the sets named. */
function dataPlaces(
  tx: Repositories,
  tenantId: number,
  ids: readonly number[] | null,
  controller: Controller,
): readonly ValidatePlace[] {
  const there = tx.backups.sets
    .list({ tenantId })
    .filter((set) => set.status === 'SUCCESS' && (set.fileStatus === 'AVAILABLE' || set.fileStatus === 'BROKEN'));
  const present = dataDestination(tx, controller.catalog.secrets, tenantId);
  const presentId = present && (tx.destinations.storageInfo.list({ tenantId, path: present.path })[0]?.destId ?? null);
  if (ids !== null)
    requireKnown(
      'backup set',
      ids,
      there.map((set) => set.backupSetId),
    );
  const rows = there.map((set) => ({ destId: set.destId, id: set.backupSetId }));
  return places(tx, 'data', { tenantId, ids, rows, presentId }, controller);
}

/** As `dataPlaces` for pieces. */
function archivePlaces(
  tx: Repositories,
  tenantId: number,
  ids: readonly number[] | null,
  controller: Controller,
): readonly ValidatePlace[] {
  const gone: ReadonlySet<string> = new Set(['DELETING', 'DELETED']);
  const there = tx.archives.pieces.list({ tenantId }).filter((piece) => !gone.has(piece.fileStatus));
  const presentId = archiveDestination(tx, controller.catalog.secrets, tenantId)?.destId ?? null;
  if (ids !== null)
    requireKnown(
      'backup piece',
      ids,
      there.map((piece) => piece.pieceId),
    );
  const rows = there.map((piece) => ({ destId: piece.destId, id: piece.pieceId }));
  return places(tx, 'archive', { tenantId, ids, rows, presentId }, controller);
}

interface Holdings {
  readonly tenantId: number;
  readonly ids: readonly number[] | null;
  readonly rows: readonly { readonly destId: number; readonly id: number }[];
  readonly presentId: number | null;
}

function places(
  tx: Repositories,
  kind: ValidatePlace['kind'],
  { tenantId, ids, rows, presentId }: Holdings,
  controller: Controller,
): readonly ValidatePlace[] {
  const wanted = rows.filter((row) => ids === null || ids.includes(row.id));
  const destIds = new Set([
    ...(ids === null && presentId !== null ? [presentId] : []),
    ...wanted.map((row) => row.destId),
  ]);
  return [...destIds].map((destId) => {
    const destination = destinationOfId(tx, controller.catalog.secrets, tenantId, destId);
    if (destination === null) throw faultText('OB_ENTRY_NOT_EXIST', `destination ${destId} is not known any more`);
    const here = ids === null ? null : [...new Set(wanted.filter((row) => row.destId === destId).map((row) => row.id))];
    return { kind, destination, destId, ids: here };
  });
}

function requireKnown(what: string, ids: readonly number[], known: readonly number[]): void {
  const lost = ids.filter((id) => !known.includes(id));
  if (lost.length > 0) throw fault('OB_ENTRY_NOT_EXIST', `${what} ${lost.join(', ')} does not exist`);
}

function readPath(text: string, controller: Controller): Destination {
  return parseDestination(text, controller.release);
}

function readLevel({ level }: ValidateBackup): ValidateLevel {
  const word = level?.toLowerCase() ?? 'physical';
  if (word !== 'basic' && word !== 'physical')
    throw fault('OB_INVALID_ARGUMENT', 'validate level, it should be basic or physical');
  return word;
}

/** The numbers of sets or pieces; null for all. */
function readIds({ ids }: ValidateBackup): readonly number[] | null {
  if (ids === null) return null;
  const read = typeof ids === 'string' ? ids.split(',').map((text) => readId(text.trim())) : ids;
  if (read.length > maxIds || read.some((id) => id < 1)) throw fault('OB_INVALID_ARGUMENT', 'validate ids');
  return [...new Set(read)];
}

function readId(text: string): number {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : 0;
}

/** ALTER SYSTEM CANCEL VALIDATE: unfinished jobs become CANCELING; without any the statement still answers OK. */
export const cancelValidate = handler<'cancelValidate', null>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ tenants }, speaker, controller) {
    if (!isSys(speaker) && tenants !== null) throw fault('OB_NOT_SUPPORTED');
    await controller.catalog.read((tx) => resolveTenantList(tx, tenants));
  },
  async check(statement, speaker, controller) {
    const { jobId } = statement;
    if (jobId === null) return null;
    const known = await controller.catalog.read((tx) =>
      canceledTenants(tx, statement, speaker).some((tenantId) => tx.proofs.jobs.get({ tenantId, jobId }) !== null),
    );
    if (!known) throw fault('OB_ENTRY_NOT_EXIST', `validate job ${jobId} does not exist`);
    return null;
  },
  async run(_, statement, speaker, controller) {
    await controller.catalog.transaction((tx) => {
      for (const tenantId of canceledTenants(tx, statement, speaker)) cancelJobs(tx, tenantId, statement.jobId);
    });
    controller.wake.validate();
    return {};
  },
});

function canceledTenants(tx: Repositories, { tenants }: CancelValidate, speaker: Speaker): readonly number[] {
  if (!isSys(speaker)) return [speaker.loginTenant.tenantId];
  const listed = resolveTenantList(tx, tenants) ?? tx.tenants.users();
  return listed.map((tenant) => tenant.tenantId);
}

function cancelJobs(tx: Repositories, tenantId: number, jobId: number | null): void {
  for (const job of tx.proofs.liveJobs(tenantId)) {
    if (isFinal(job) || job.status === 'CANCELING' || (jobId !== null && job.jobId !== jobId)) continue;
    tx.proofs.jobs.update(job, { status: 'CANCELING' });
    tx.events.record('backup_validate', 'cancel_validate', { tenant_id: tenantId, job_id: job.jobId });
  }
}
