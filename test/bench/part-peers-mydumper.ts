import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import { rowsOf } from './clients.ts';
import { type Contender, filesOf, run, timedAndSynced, treeBytes } from './part-peers-contender.ts';

const rowsPerChunk = 50_000;

/** mydumper and myloader over a MariaDB with the same rows: two threads, its only compression (gzip). It has no increments. */
export function mydumper(scratchPath: string, dataDir: string, port: number, admin: Connection): Contender {
  const dump = join(scratchPath, 'mydumper');
  const reach = ['--host=127.0.0.1', `--port=${port}`, '--user=root', '--threads=2'];
  const sourceBytes = () =>
    filesOf(join(dataDir, 'shop'))
      .filter((file) => file.endsWith('.ibd'))
      .reduce((bytes, file) => bytes + treeBytes(file), 0);
  return {
    name: 'mydumper',
    sealed: false,
    async begin() {
      rmSync(dump, { recursive: true, force: true });
    },
    async full() {
      const args = [...reach, '--database=shop', `--outputdir=${dump}`, '--compress', `--rows=${rowsPerChunk}`];
      const seconds = await timedAndSynced(dump, () => run('mydumper', args));
      return { seconds, sourceBytes: sourceBytes(), writtenBytes: treeBytes(dump) };
    },
    async restore() {
      const seconds = await run('myloader', [...reach, '--database=shop_restored', `--directory=${dump}`]);
      const [left, right] = [await counts(admin, 'shop'), await counts(admin, 'shop_restored')];
      if (left !== right) throw new Error(`myloader brought ${right} of ${left}`);
      await admin.query('DROP DATABASE shop_restored');
      return { seconds, bytes: sourceBytes() };
    },
    verify: null,
    async change() {},
    incremental: null,
  };
}

async function counts(admin: Connection, database: string): Promise<string> {
  const tables = await rowsOf(
    admin,
    `SELECT TABLE_NAME AS t FROM information_schema.TABLES WHERE TABLE_SCHEMA = '${database}'`,
  );
  const found: string[] = [];
  for (const { t } of tables)
    found.push(`${t} ${(await rowsOf(admin, `SELECT COUNT(*) AS n FROM ${database}.${t}`))[0]?.['n']}`);
  return found.sort().join(', ');
}
