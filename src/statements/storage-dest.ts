import { fault, faultText } from '../base/errors.ts';
import type { Release } from '../base/release.ts';
import type { BackupStorageInfo } from '../catalog/backup-destinations.ts';
import type { Repositories } from '../catalog/catalog.ts';
import { parseOptions } from '../destination/options.ts';
import { schemeOf } from '../destination/parse.ts';
import type { Controller } from '../jobs/controller.ts';
import { followLimits } from '../jobs/tenant-destination.ts';
import { checkScheme } from '../media/open-medium.ts';
import { handler } from './statement-handler.ts';

type Limits = Partial<Pick<BackupStorageInfo, 'maxIops' | 'maxBandwidth'>>;

/**
 * ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST: other limits for a destination the tenant uses, also while a job works on it.
 * Errors: 1210 (nothing to change, an empty path, unreadable attributes), 1235 (keys of a file path, stores without a
 * medium), -4018 (a path the tenant never used). The kernel refuses file paths altogether; here they have limits too.
 */
export const changeStorageDest = handler<'changeStorageDest', Limits>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async check({ path, accessInfo, attribute }, speaker, controller) {
    if (path === '' || (accessInfo === null && attribute === null)) throw fault('OB_INVALID_ARGUMENT');
    const scheme = schemeOf(path, controller.release);
    if (scheme === null) throw fault('OB_INVALID_BACKUP_DEST');
    checkScheme(scheme);
    if (accessInfo !== null) throw fault('OB_NOT_SUPPORTED', 'reset ak/sk of nfs path is');
    const limits = readLimits(attribute ?? '', controller.release);
    await controller.catalog.read((tx) => requireKnown(tx, speaker.effectiveTenantId, path));
    return limits;
  },
  async run(limits, { path }, speaker, controller) {
    const tenantId = speaker.effectiveTenantId;
    const row = await controller.catalog.transaction((tx) => {
      const changed = { ...requireKnown(tx, tenantId, path), ...limits };
      tx.destinations.storageInfo.put(changed);
      return changed;
    });
    holdPace(controller, tenantId, row);
    return {};
  },
});

function holdPace(controller: Controller, tenantId: number, row: BackupStorageInfo): void {
  followLimits(controller, tenantId, { ...row, host: row.endpoint.replace(/^host=/, '') });
}

/** `max_iops=…&max_bandwidth=…`; what is not named stays. */
function readLimits(text: string, release: Release): Limits {
  const limits: { maxIops?: bigint; maxBandwidth?: bigint } = {};
  for (const token of text.split('&')) {
    const key = token.slice(0, token.indexOf('='));
    const { maxIops, maxBandwidth } = parseOptions(token, 'file', release);
    if (key === 'max_iops') limits.maxIops = maxIops;
    else if (key === 'max_bandwidth') limits.maxBandwidth = maxBandwidth;
    else throw fault('OB_INVALID_ARGUMENT');
  }
  return limits;
}

function requireKnown(tx: Repositories, tenantId: number, text: string): BackupStorageInfo {
  const [typed = '', options = ''] = text.split('?');
  const row = tx.destinations.storageInfo.get({ tenantId, path: typed.replace(/\/+$/, ''), endpoint: options });
  if (row === null) throw faultText('OB_ENTRY_NOT_EXIST', 'the path does not exist');
  return row;
}
