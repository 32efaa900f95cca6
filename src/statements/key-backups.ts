import { fault, ObError } from '../base/errors.ts';
import { decodeKeyBackup } from '../copy/key-backup-file.ts';
import type { MasterKey } from '../copy/keys.ts';
import { readFormatFile } from '../destination/identity.ts';
import { parseKeyBackup } from '../destination/layout.ts';
import { withCodedErrors } from '../destination/medium-fault.ts';
import { parseDestination } from '../destination/parse.ts';
import type { Controller } from '../jobs/controller.ts';
import type { Medium } from '../media/medium.ts';
import type { KeyClause } from '../sql/statement.ts';
import type { Speaker } from './statement-handler.ts';

/** A password is tried on so many files: each costs a fifth of a second. */
const mostFiles = 64;

/**
 * The keys of all key backups of a tenant below the path that the password opens, together: names are local times, which are
 * set back, so that the greatest name need not be the newest file. None opened: what the greatest says, such as -4352 for a
 * wrong password; nothing there -9011.
 */
export async function readKeyBackups(
  controller: Controller,
  clause: KeyClause,
  tenantId: number,
  speaker: Pick<Speaker, 'warn'>,
): Promise<readonly MasterKey[]> {
  if (clause.password === null) throw fault('OB_MISS_ARGUMENT', 'ENCRYPTED BY password of the key backup');
  const destination = parseDestination(clause.from, controller.release);
  const medium = controller.openMedium({ ...destination, patience: 'statement' });
  try {
    return await withCodedErrors(async () => {
      const format = await readFormatFile(medium);
      if (format === null) throw fault('OB_BACKUP_FILE_NOT_EXIST');
      if (format.destType !== 'backup_key') throw fault('OB_BACKUP_FORMAT_FILE_NOT_MATCH');
      return await keysOf(medium, tenantId, clause.password ?? '', speaker);
    });
  } finally {
    await medium.close();
  }
}

async function keysOf(
  medium: Medium,
  tenantId: number,
  password: string,
  speaker: Pick<Speaker, 'warn'>,
): Promise<readonly MasterKey[]> {
  const entries = await medium.list('backup_key');
  const names = entries.map(({ name }) => name).filter((name) => parseKeyBackup(name)?.tenantId === tenantId);
  if (names.length === 0) throw fault('OB_BACKUP_FILE_NOT_EXIST');
  const found = new Map<number, MasterKey>();
  const failures: ObError[] = [];
  for (const name of names.sort().reverse().slice(0, mostFiles)) {
    const file = await medium.read(`backup_key/${name}`);
    try {
      const { keys } = await decodeKeyBackup(file, password);
      for (const key of keys) if (!found.has(key.version)) found.set(key.version, key);
    } catch (error) {
      if (!(error instanceof ObError)) throw error;
      failures.push(error);
      if (error.symbol !== 'OB_KEYSTORE_WRONG_PASSWORD')
        speaker.warn('Warning', error.errno, `${name} was left out: ${error.message}`);
    }
  }
  if (found.size === 0) throw failures[0];
  return [...found.values()];
}
