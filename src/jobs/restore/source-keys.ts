import { fault, faultText } from '../../base/errors.ts';
import type { DataFileHeader } from '../../copy/data-file.ts';
import { readFileHeader } from '../../copy/data-file-reader.ts';
import { type MasterKey, unwrapKey } from '../../copy/keys.ts';
import type { LogFileHeader } from '../../copy/log-file.ts';
import { openLogFile } from '../../copy/log-scan.ts';
import { withCodedErrors } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';
import { inParallel, smallReadsAtOnce } from '../../media/parallel.ts';
import { openSetKey } from '../backup/set-key.ts';
import { type FoundPiece, logFileKeys } from './read-archive-path.ts';
import { dataFileKeys, type FoundSet } from './read-data-path.ts';
import type { RestoreSource } from './restore-source.ts';

/** The keys a restore needs; refuses at once what could not be opened later. */
export interface SourceKeys {
  /** Set id → key, for sets that are encrypted. */
  readonly setKeys: ReadonlyMap<number, Uint8Array>;
  readonly encryptedLog: boolean;
}

/** Unwraps the key of every chosen set and checks that the log can be opened: -4369 without the key, -9047 without the password. */
export async function openSourceKeys(
  source: RestoreSource,
  means: { readonly masters: readonly MasterKey[]; readonly passwords: readonly string[] },
): Promise<SourceKeys> {
  return withCodedErrors(async () => {
    const { data, log, sets, pieces } = source;
    const setKeys = new Map<number, Uint8Array>();
    const setHeaders = await inParallel(sets, smallReadsAtOnce(data.medium), (set) => dataFileHeader(data.medium, set));
    for (const [index, header] of setHeaders.entries()) {
      if (!header.encrypted) continue;
      const key = await openSetKey(header.wrappedKey, header.tenantId, header.setId, means);
      setKeys.set(sets[index]!.plan.id, key);
    }
    const headers = await inParallel(pieces, smallReadsAtOnce(log.medium), (piece) =>
      logFileHeaders(log.medium, piece),
    );
    const encrypted = headers.flat().filter((header) => header.encrypted);
    // The log inside of a set is under the key of that set, which was opened above.
    if (source.plan.logFrom === 'pieces')
      for (const header of encrypted) unwrapKey(header.wrappedKey, means.masters, logKeyPurpose(header));
    const encryptedLog = encrypted.length > 0;
    return { setKeys, encryptedLog };
  });
}

/** Header of the first data file of a set whose files are all there. */
async function dataFileHeader(medium: Medium, set: FoundSet): Promise<DataFileHeader> {
  const key = (await wholeDataFiles(medium, set))[0];
  if (key === undefined) throw fault('OB_BACKUP_FILE_NOT_EXIST');
  const object = await medium.openObject(key);
  const { header } = await readFileHeader(object, key).finally(() => object.close());
  return header;
}

/** Headers of the log files of a piece; one that was begun and never written to has none. */
async function logFileHeaders(medium: Medium, piece: FoundPiece): Promise<readonly LogFileHeader[]> {
  const headers: LogFileHeader[] = [];
  for (const key of await logFileKeys(medium, piece)) {
    const object = await medium.openObject(key);
    const file = await openLogFile(object, { name: key }).finally(() => object.close());
    if (file !== null) headers.push(file.header);
  }
  return headers;
}

/** Keys of a set's data files, which must together have the size the set says: a file that was lost shows before anything is made. */
async function wholeDataFiles(medium: Medium, { name, info }: FoundSet): Promise<readonly string[]> {
  const keys = await dataFileKeys(medium, name);
  const heads = await inParallel(keys, smallReadsAtOnce(medium), (key) => medium.head(key));
  const bytes = heads.reduce((sum, head) => sum + BigInt(head?.sizeBytes ?? 0), 0n);
  if (bytes === info.stats.outputBytes) return keys;
  const text = `data files of set ${name.backupSetId} hold ${bytes} bytes, ${info.stats.outputBytes} were written`;
  throw faultText('OB_BACKUP_FILE_NOT_EXIST', `${fault('OB_BACKUP_FILE_NOT_EXIST').message}: ${text}`);
}

/** What the key of a log file is bound to. */
export function logKeyPurpose(header: {
  readonly tenantId: number;
  readonly roundId: number;
  readonly pieceId: number;
}) {
  return { kind: 'piece' as const, tenantId: header.tenantId, owner: `${header.roundId}.${header.pieceId}` };
}
