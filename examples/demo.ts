import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dailyBackupsRunbook } from './daily-backups.ts';
import { firstBackupRunbook } from './first-backup.ts';
import { keyRunbook } from './keys.ts';
import { refusalRunbook } from './refusals.ts';
import { startServerProcess } from './server-process.ts';
import { heading, print } from './transcript.ts';

/**
 * The whole runbook in one go against a scratch directory, over the real wire protocol: prints what a DBA would see and
 * ends with code 1 at the first comparison that fails.
 */
const scratch = mkdtempSync(join(tmpdir(), 'obvault-demo-'));
try {
  heading('Start obvault on an empty data directory');
  const server = await startServerProcess(join(scratch, 'first'));
  print(`ready on 127.0.0.1:${server.port}`);
  await refusalRunbook({ server, scratch });
  await firstBackupRunbook({ server, scratch });
  await dailyBackupsRunbook({ server, scratch });
  await keyRunbook({ server, scratch });
  await server.stop();
  heading('Every comparison held');
  rmSync(scratch, { recursive: true, force: true });
} catch (error) {
  print(`\nFAILED: ${(error as Error).message}\nthe scratch directory is left at ${scratch}`);
  process.exit(1);
}
process.exit(0);
