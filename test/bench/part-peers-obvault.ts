import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { copyLimitMs, until } from './clients.ts';
import { type Contender, type TakenCopy, timedAndSynced, treeBytes } from './part-peers-contender.ts';
import { changeStatement } from './part-peers-data.ts';
import { backUp, dropRestored, restore } from './tenant-job.ts';

/** What obvault is measured with. */
export interface OwnSide {
  /** A session of sys for this contender alone: a password belongs to its session. */
  readonly sys: Connection;
  /** The user of the tenant, who makes the changes; null where another contender makes them. */
  readonly client: Connection | null;
  readonly tenant: string;
  /** Where data and archive lie. */
  readonly place: string;
  readonly changes: readonly string[];
}

const password = 'bench-password';

/** Ourselves, in clear or under a password, each with a data path of its own. */
export async function obvault(side: OwnSide, sealed: boolean): Promise<Contender & { fullSetFolder(): string }> {
  const { sys, client, tenant, place, changes } = side;
  const data = join(place, sealed ? 'data-sealed' : 'data-clear');
  const restored = sealed ? 'restored_sealed' : 'restored_clear';
  if (sealed) await sys.query(`SET ENCRYPTION ON IDENTIFIED BY '${password}' ONLY`);
  if (sealed) await sys.query(`SET DECRYPTION IDENTIFIED BY '${password}'`);
  let inputBytes = 0;
  let fullSet = '';
  const take = async (kind: '' | 'INCREMENTAL '): Promise<TakenCopy> => {
    await until(sys, 'SELECT JOB_ID FROM oceanbase.CDB_OB_BACKUP_JOBS', (live) => live.length === 0);
    await sys.query(`ALTER SYSTEM SET DATA_BACKUP_DEST='file://${data}' TENANT = ${tenant}`);
    let encryption = '';
    const seconds = await timedAndSynced(data, async () => {
      const set = await backUp(sys, tenant, place, kind);
      encryption = set.encryption;
      if (kind === '') inputBytes = set.inputBytes;
    });
    if (encryption !== (sealed ? 'PASSWORD' : 'NONE')) throw new Error(`the set is ${encryption}`);
    const folder = newestSet(data);
    if (kind === '') fullSet = folder;
    if (!folder.endsWith(kind === '' ? '_full' : '_inc')) throw new Error(`the set became ${folder}`);
    return { seconds, sourceBytes: inputBytes, writtenBytes: treeBytes(folder) };
  };
  return {
    name: sealed ? 'obvault sealed' : 'obvault clear',
    sealed,
    fullSetFolder: () => fullSet,
    async begin() {},
    full: () => take(''),
    async restore() {
      const from = `file://${data},file://${place}/archive`;
      const seconds = await restore(sys, { name: restored, place, more: '', from });
      await dropRestored(sys, restored);
      return { seconds, bytes: inputBytes };
    },
    async verify() {
      const id = /backup_set_(\d+)_/.exec(fullSet)?.[1];
      const startMs = performance.now();
      await sys.query(`ALTER SYSTEM VALIDATE BACKUPSET = '${id}' TENANT = ${tenant}`);
      const jobs = `SELECT JOB_ID, STATUS, DAMAGED_COUNT, COMMENT FROM oceanbase.CDB_OB_BACKUP_VALIDATE_JOB`;
      const rows = await until(
        sys,
        `${jobs}S`,
        (live) => !live.some(({ STATUS }) => /INIT|DOING/.test(String(STATUS))),
        copyLimitMs,
      );
      const seconds = (performance.now() - startMs) / 1000;
      const job = rows.at(-1);
      if (job === undefined || job['STATUS'] !== 'COMPLETED' || Number(job['DAMAGED_COUNT']) !== 0)
        throw new Error(`the set did not validate: ${JSON.stringify(rows)}`);
      await until(sys, `${jobs}S`, (live) => live.length === 0);
      return { seconds, bytes: treeBytes(fullSet) };
    },
    async change() {
      for (const ids of client === null ? [] : changes) await client!.query(changeStatement(ids));
    },
    incremental: () => take('INCREMENTAL '),
  };
}

function newestSet(data: string): string {
  const number = (name: string) => Number(/^backup_set_(\d+)_/.exec(name)?.[1] ?? 0);
  return join(
    data,
    readdirSync(data).reduce((a, b) => (number(a) > number(b) ? a : b)),
  );
}
