import { execFileSync } from 'node:child_process';
import mysql from 'mysql2/promise';
import { startMariadb } from '../bench/mariadb-process.ts';
import { pathOf } from '../bench/peers.ts';
import { openScratch } from '../bench/scratch.ts';
import { drain, rootContext, type SqlClient, type Texts } from './sql-fixture.ts';

/** Why nothing can be compared with a real server here; null when it can. */
export const noPeer: string | null = findPeer();

function findPeer(): string | null {
  const path = pathOf('mariadbd');
  if (!path) return 'mariadb-server is not installed';
  // Its answers are compared to the letter, and those of other releases differ.
  const version = execFileSync(path, ['--no-defaults', '--version'], { encoding: 'utf8' });
  return /\b10\.11\.\d+-MariaDB/.test(version) ? null : `no MariaDB 10.11: ${version.trim()}`;
}

/** Rows as texts, how many rows were affected, or the number of the error. */
export type Answer = readonly Texts[] | { readonly affectedRows: number } | number;

export interface Peer {
  answer(sql: string): Promise<Answer>;
  end(): Promise<void>;
}

/** A real MariaDB with the session of `rootContext`, in a database of its own. */
export async function startPeer(): Promise<Peer> {
  const scratch = openScratch();
  const server = await startMariadb(scratch, 'peer', ['--innodb-flush-log-at-trx-commit=0']);
  const connection = await mysql.createConnection({
    host: '127.0.0.1',
    port: server.port,
    user: 'root',
    flags: ['-FOUND_ROWS'],
  });
  await connection.query('CREATE DATABASE test CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci');
  await connection.query('USE test');
  await connection.query('SET NAMES utf8mb4 COLLATE utf8mb4_general_ci');
  await connection.query(`SET sql_mode = '${rootContext.sqlMode}', time_zone = '${rootContext.timeZone}'`);
  return {
    async answer(sql) {
      try {
        const [rows] = await connection.query({ sql, rowsAsArray: true, typeCast: (field) => field.string('utf8') });
        return Array.isArray(rows) ? (rows as Texts[]) : { affectedRows: rows.affectedRows };
      } catch (error) {
        const { errno } = error as { errno?: number };
        if (errno === undefined) throw error;
        return errno;
      }
    },
    async end() {
      await connection.end();
      await server.stop();
      await scratch.clear();
    },
  };
}

/** The same of a tenant. */
export async function answerOf(client: SqlClient, sql: string): Promise<Answer> {
  try {
    const outcome = await client.run(sql);
    return outcome.kind === 'rows' ? (await drain(outcome)).rows : { affectedRows: outcome.affectedRows };
  } catch (error) {
    const { errno } = error as { errno?: number };
    if (errno === undefined) throw error;
    return errno;
  }
}
