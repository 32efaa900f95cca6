import { archiveViews } from './archive.ts';
import { backupViews } from './backup.ts';
import { deleteViews } from './delete.ts';
import { eventViews } from './event.ts';
import { internalViews } from './internal.ts';
import { logStreamViews } from './log-stream.ts';
import { mediaViews } from './media.ts';
import { parameterViews } from './parameter.ts';
import { proofViews } from './proof.ts';
import { recoverTableViews } from './recover-table.ts';
import { resourceViews } from './resource.ts';
import { restoreViews } from './restore.ts';
import { serverViews } from './server.ts';
import { tenantViews } from './tenant.ts';
import { variableViews } from './variable.ts';
import type { ViewFamily } from './view-family.ts';

/** Every view family; a new view is one entry in one of these files. */
export const viewFamilies: readonly ViewFamily[] = [
  ...backupViews,
  ...archiveViews,
  ...restoreViews,
  ...deleteViews,
  ...proofViews,
  ...mediaViews,
  ...recoverTableViews,
  ...tenantViews,
  ...resourceViews,
  ...serverViews,
  ...parameterViews,
  ...variableViews,
  ...logStreamViews,
  ...eventViews,
  ...internalViews,
];
