import { fault } from '../../base/errors.ts';
import { sysTenantId } from '../../catalog/tenants.ts';
import type { Show } from '../../sql/ast/session.ts';
import { type MemoryRows, numberColumn, textColumn } from '../memory-table.ts';
import type { SessionContext } from '../session-context.ts';

const columns = [
  textColumn('backup_type', 64),
  numberColumn('backup_id'),
  textColumn('backup_dest', 2048),
  textColumn('description', 4096),
];

/** SHOW RESTORE PREVIEW: what the restore remembered by RESTORE … PREVIEW would read. */
export async function restorePreview(_: Show, { state, host, diagnostics }: SessionContext): Promise<MemoryRows> {
  if (state.identity.tenant.tenantId !== sysTenantId) throw fault('OB_ERR_NO_PRIVILEGE');
  const { preview, decryptionPasswords } = state.memory;
  if (!preview) throw fault('OB_NOT_SUPPORTED', 'show restore preview do not specify backup dest');
  const { previewRows } = await import('../../jobs/restore/preview-rows.ts');
  const { tellWindows } = await import('../../statements/restore.ts');
  const found = await previewRows(host.controller, {
    ...preview,
    passwords: decryptionPasswords,
    onUnreachable: (windows, zone) =>
      tellWindows(windows, zone, { warn: (level, errno, text) => diagnostics.add(level, errno, text) }),
  });
  return { columns, rows: found.map(({ type, id, path, description }) => [type, id, path, description]) };
}
