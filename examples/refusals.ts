import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createTenant } from './first-backup.ts';
import type { RunbookPlace } from './perform.ts';
import { connect, heading } from './transcript.ts';

/** Every refusal a DBA meets when preparing a backup, with its number. */
export async function refusalRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const sys = await connect(server.port, 'root@sys');
  heading('What a destination must not be');
  await createTenant(sys, 'careful');
  await createTenant(sys, 'second');
  const place = (name: string) => `file://${join(scratch, 'refusals', name)}`;
  const careful = await connect(server.port, 'root@careful');

  const used = join(scratch, 'refusals', 'used');
  mkdirSync(used, { recursive: true });
  writeFileSync(join(used, 'somebody-elses-file'), 'hello');
  await sys.refused(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('used')}' TENANT = careful`, 9080);

  await sys.run(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('data')}' TENANT = careful`);
  await sys.refused(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('data')}' TENANT = second`, 9081);
  await sys.refused(`ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=${place('data')}' TENANT = careful`, 9081);

  await sys.refused("ALTER SYSTEM SET DATA_BACKUP_DEST='file://relative/path' TENANT = careful", 9026);
  await sys.refused(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('what?host=x')}' TENANT = careful`, 9026);
  await sys.refused(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('x')}' TENANT = nobody`, 5160);
  await sys.refused(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('x')}'`, 1235);
  await careful.refused(`ALTER SYSTEM SET DATA_BACKUP_DEST='${place('x')}' TENANT = careful`, 1227);
  await careful.refused('ALTER SYSTEM BACKUP DATABASE', 9040);
  await careful.close();
  await sys.close();
}
