import { fault } from '../base/errors.ts';
import { sysTenantId, type Tenant, tenantType } from '../catalog/tenants.ts';
import { encodeKeyBackup } from '../copy/key-backup-file.ts';
import { type Destination, sameDestination } from '../destination/destination.ts';
import { keyBackupKey } from '../destination/layout.ts';
import { isMediumError, withCodedErrors } from '../destination/medium-fault.ts';
import { parseDestination } from '../destination/parse.ts';
import type { Controller } from '../jobs/controller.ts';
import { archiveDestination, dataDestination } from '../jobs/tenant-destination.ts';
import { masterKeys, rotateMasterKey as rotate } from '../jobs/tenant-keys.ts';
import type { Medium } from '../media/medium.ts';
import { prepare, warnOfIgnored } from './prepare-destination.ts';
import { handler } from './statement-handler.ts';
import { isSys, namedTenant, ownTenant, resolveTenantList } from './tenant-clause.ts';

interface KeyBackupPlan {
  readonly tenant: Tenant;
  readonly destination: Destination;
  readonly password: string;
}

/** ALTER SYSTEM BACKUP KEY: all versions of the tenant's master key, encrypted under the password, in a directory of their own. */
export const backupKey = handler<'backupKey', KeyBackupPlan>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async resolve({ tenants }, speaker, controller) {
    if (!isSys(speaker)) {
      if (tenants !== null) throw fault('OB_NOT_SUPPORTED', 'user tenant cannot specify tenant names');
      return;
    }
    await controller.catalog.read((tx) => resolveTenantList(tx, tenants));
    if (new Set(tenants ?? []).size !== 1) {
      throw fault('OB_INVALID_ARGUMENT', 'tenant list, count of tenants must be 1');
    }
  },
  async check({ tenants, to, password }, speaker, controller) {
    if (to === null) throw fault('OB_MISS_ARGUMENT', 'backup key path');
    if (password === null || password === '')
      throw fault('OB_MISS_ARGUMENT', 'ENCRYPTED BY password of the key backup');
    const destination = parseDestination(to, controller.release);
    warnOfIgnored(destination, speaker);
    const { secrets } = controller.catalog;
    return controller.catalog.read((tx) => {
      const tenant = tenants === null ? ownTenant(tx, speaker) : namedTenant(tx, tenants[0] ?? '');
      if (tenantType(tenant.tenantId) !== 'USER') throw fault('OB_NOT_SUPPORTED');
      if (tx.keys.activeMasterKey(tenant.tenantId) === null) throw fault('OB_ERR_GET_MASTER_KEY');
      const data = dataDestination(tx, secrets, tenant.tenantId);
      const archive = archiveDestination(tx, secrets, tenant.tenantId)?.destination;
      if ([data, archive].some((one) => one && sameDestination(one, destination))) {
        throw fault('OB_BACKUP_FORMAT_FILE_NOT_MATCH');
      }
      return { tenant, destination, password };
    });
  },
  async run({ tenant, destination, password }, _, speaker, controller) {
    await prepare(controller, { tenant, destination, destType: 'backup_key', speaker }, () => undefined);
    const keys = await controller.catalog.read((tx) => masterKeys(tx, controller.catalog.secrets, tenant.tenantId));
    const { tenantId, tenantName } = tenant;
    const file = await encodeKeyBackup({ clusterId: controller.cluster.id, tenantId, tenantName, keys }, password);
    await writeKeyFile(controller, destination, tenantId, file);
    return {};
  },
});

/** Key backups are never rewritten; two within one second get different seconds in their names. */
async function writeKeyFile(
  controller: Controller,
  destination: Destination,
  tenantId: number,
  file: Uint8Array,
): Promise<void> {
  const medium = controller.openMedium({ ...destination, patience: 'statement' });
  try {
    await withCodedErrors(async () => {
      let atMs = controller.clock.nowUs() / 1000;
      while (!(await isCreated(medium, keyBackupKey(tenantId, atMs), file))) atMs += 1000;
    });
  } finally {
    await medium.close();
  }
}

/** False when another session took the name first. */
async function isCreated(medium: Medium, key: string, file: Uint8Array): Promise<boolean> {
  try {
    await medium.putSmall(key, file, 'create');
    return true;
  } catch (error) {
    if (isMediumError(error, 'alreadyExists')) return false;
    throw error;
  }
}

/** ALTER INSTANCE ROTATE INNODB MASTER KEY, in the tenant itself: a new version; what is written from now on is under it. */
export const rotateMasterKey = handler<'rotateMasterKey', number>({
  access: { privilege: 'SUPER', tenants: 'all' },
  async check(_, speaker, controller) {
    const { effectiveTenantId: tenantId } = speaker;
    if (tenantId === sysTenantId) throw fault('OB_NOT_SUPPORTED', 'rotate the master key of the sys tenant is');
    await controller.catalog.read((tx) => {
      if (tx.parameters.text(tenantId, 'tde_method').toLowerCase() !== 'internal') throw fault('OB_KEYSTORE_NOT_EXIST');
      if (tx.tenants.get({ tenantId })?.role !== 'PRIMARY') throw fault('OB_STANDBY_READ_ONLY');
    });
    return tenantId;
  },
  async run(tenantId, _, __, controller) {
    await controller.catalog.transaction((tx) =>
      rotate(tx, controller.catalog.secrets, tenantId, controller.clock.nowUs()),
    );
    controller.wake.archive();
    return {};
  },
});

/** SET ENCRYPTION ON IDENTIFIED BY … ONLY: later backups of this session are encrypted under the password. */
export const setEncryption = handler<'setEncryption', null>({
  access: { privilege: null, tenants: 'all' },
  async check({ password }) {
    // An empty password would leave the sets in clear under the name of a protected mode.
    if (password === '') throw fault('OB_INVALID_ARGUMENT', 'encryption password, it must not be empty');
    return null;
  },
  async run(_, { password }, speaker) {
    speaker.memory.encryptionPassword = password;
    return {};
  },
});

/** SET DECRYPTION IDENTIFIED BY …: the passwords of the sets a RESTORE of this session reads; replaces the list. */
export const setDecryption = handler<'setDecryption', null>({
  access: { privilege: 'SUPER', tenants: 'all' },
  async resolve(_, speaker) {
    if (!isSys(speaker)) throw fault('OB_NOT_SUPPORTED', 'non-sys tenant set decryption is');
  },
  check: async () => null,
  async run(_, { passwords }, speaker) {
    speaker.memory.decryptionPasswords = passwords;
    return {};
  },
});
