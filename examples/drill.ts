import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compareTables } from './first-backup.ts';
import { perform, type RunbookPlace } from './perform.ts';
import { briskly, startServerProcess } from './server-process.ts';
import { openSqlRunbook } from './sql-runbook.ts';
import { type Client, connect, expectEqual, print, RunbookFailure } from './transcript.ts';

/** A restore drill on a server with an empty data directory, proofs before it, and a damaged set after it. */
export async function drillRunbook({ server, scratch }: RunbookPlace): Promise<void> {
  const runbook = openSqlRunbook('drill', scratch);
  const sys = await connect(server.port, 'root@sys');
  await runbook.perform('A tenant whose backups are encrypted', [sys]);
  const vault = await connect(server.port, 'root@vault');
  await runbook.perform('Master key, archive and data destination', [vault]);
  await runbook.perform('The key goes where the backups are not', [vault]);
  await vault.run('CREATE DATABASE safe');
  await vault.run(
    'CREATE TABLE safe.secrets (id INT AUTO_INCREMENT PRIMARY KEY, secret VARCHAR(200), raw VARBINARY(40))',
  );
  await hide(vault, 1000);
  await runbook.perform('The first full backup', [vault]);
  await hide(vault, 1000);
  await runbook.perform('Somebody stops the archive, and starts it again later', [vault]);
  await hide(vault, 1000);
  await runbook.perform('The archive again: a new round needs a new full set', [vault]);
  await hide(vault, 100);
  await runbook.perform('An increment', [vault]);
  await hide(vault, 100);

  const windows = await runbook.perform('What can be restored, and what cannot', [vault]);
  expectEqual(
    'windows and the hole between them',
    windows.map((row) => row['KIND']),
    ['WINDOW', 'HOLE', 'WINDOW'],
  );
  const proofs = await runbook.perform('Read every byte back', [vault]);
  expectEqual(
    'everything is proved',
    proofs.map((row) => [row['OBJECT_TYPE'], row['RESULT']]),
    [1, 2, 3].map(() => ['BACKUP SET', 'OK']).concat([1, 2].map(() => ['BACKUP PIECE', 'OK'])),
  );
  await archived(vault);

  const other = await startServerProcess(join(scratch, 'other'), briskly);
  const otherSys = await connect(other.port, 'root@sys');
  await runbook.perform('On the other server: nothing but the files', [otherSys]);
  const drilled = await connect(other.port, 'root@vault');
  await compareTables(vault, drilled, 'safe.secrets', 'id');
  await drilled.close();

  flipBit(join(scratch, 'backup/vault/data/backup_set_3_inc'), 'macro_block_data.0.obbak');
  await runbook.perform('A bit has flipped', [vault]);
  await runbook.perform('The server that knows takes another set', [sys]);
  const again = await connect(server.port, 'root@vault_again');
  await compareTables(vault, again, 'safe.secrets', 'id');
  await again.close();
  await runbook.perform('The server that does not know fails, and names the file', [otherSys]);
  await runbook.perform('Its way out: name the set and the piece that are whole', [otherSys]);
  const whole = await connect(other.port, 'root@vault_whole');
  await compareTables(vault, whole, 'safe.secrets', 'id');
  for (const client of [whole, otherSys, vault, sys]) await client.close();
  await other.stop();
}

/** Adds rows. */
async function hide(vault: Client, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, i) => `(CONCAT('secret ', UUID()), UNHEX(SHA1('${i}')))`);
  await vault.quiet(`INSERT INTO safe.secrets (secret, raw) VALUES ${rows.join(', ')}`);
}

/** Waits until the archive has passed this moment. */
async function archived(vault: Client): Promise<void> {
  const [row] = await vault.quiet('SELECT NOW(6) AS moment');
  const passed = `CHECKPOINT_SCN_DISPLAY > '${row?.['moment']}' AS passed`;
  await vault.until(`SELECT ${passed} FROM oceanbase.DBA_OB_ARCHIVELOG`, ([one]) => Number(one?.['passed']) === 1);
}

/** Flips one bit in the middle of the file of that name below `directory`. */
function flipBit(directory: string, name: string): void {
  const file = readdirSync(directory, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith(name));
  if (file === undefined) throw new RunbookFailure(`no ${name} below ${directory}`);
  const path = join(directory, file);
  const bytes = readFileSync(path);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 4;
  writeFileSync(path, bytes);
  print(`\n   one bit of ${file} is flipped, byte ${at}`);
}

if (import.meta.main) await perform(drillRunbook);
