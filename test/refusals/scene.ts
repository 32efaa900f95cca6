import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Connection } from 'mysql2/promise';
import type { Release } from '../../src/base/release.ts';
import { createTenant, rowsOf, startTestServer, type TestServer } from '../server/server-fixture.ts';
import type { Answer, Login } from './refusal.ts';

/** A server with some tenants, a directory for destinations, and one connection per login. */
export interface Scene {
  readonly server: TestServer;
  /** Absolute path; `$DIR` in statements and texts stands for it. */
  readonly directory: string;
  /** Says a statement on the login's connection and tells what came back. */
  say(as: Login, sql: string): Promise<Answer>;
  /** Says statements that must be carried out, one after the other. */
  ok(as: Login, ...statements: readonly string[]): Promise<void>;
  rows(as: Login, sql: string): Promise<Record<string, unknown>[]>;
  value(as: Login, sql: string): Promise<unknown>;
  /** A connection of its own, for statements that change the session. */
  session(as: Login): Promise<Connection>;
  /** The text with `$DIR` filled in. */
  fill(text: string): string;
  stop(): Promise<void>;
}

export interface SceneWish {
  readonly tenants?: readonly string[];
  readonly oracleTenants?: readonly string[];
  /** Accounts without any privilege, as `user@tenant`. */
  readonly nobodies?: readonly Login[];
  /** Another release than the default one. */
  readonly release?: Release;
}

/** Starts a server of its own for one test file. */
export async function openScene(wish: SceneWish = {}): Promise<Scene> {
  const directory = mkdtempSync(join(tmpdir(), 'obvault-refusals-'));
  const server = await startTestServer(wish.release ? { release: wish.release } : {});
  const open = new Map<Login, Connection>();
  const fill = (text: string) => text.replaceAll('$DIR', directory);
  const connection = async (as: Login) => {
    const found = open.get(as) ?? (await server.connect(as));
    open.set(as, found);
    return found;
  };
  const scene: Scene = {
    server,
    directory,
    fill,
    async say(as, sql) {
      const client = await connection(as);
      return answerOf(() => client.query(fill(sql)));
    },
    async ok(as, ...statements) {
      const client = await connection(as);
      for (const sql of statements) await client.query(fill(sql));
    },
    rows: async (as, sql) => rowsOf(await connection(as), fill(sql)),
    value: async (as, sql) => Object.values((await rowsOf(await connection(as), fill(sql)))[0] ?? {})[0],
    session: (as) => server.connect(as),
    async stop() {
      for (const client of open.values()) client.destroy();
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
  await fillScene(scene, wish);
  return scene;
}

async function fillScene(scene: Scene, { tenants = [], oracleTenants = [], nobodies = [] }: SceneWish): Promise<void> {
  const sys = await scene.session('root@sys');
  for (const name of tenants) await createTenant(sys, name);
  for (const name of oracleTenants)
    await createTenant(sys, name, "ob_tcp_invited_nodes = '%', ob_compatibility_mode = 'oracle'");
  sys.destroy();
  for (const login of nobodies) {
    const [user, tenant] = login.split('@');
    await scene.ok(`root@${tenant}`, `CREATE USER ${user}`);
  }
}

/** Both destinations of a tenant below its name. */
export function setDestinations({ ok }: Scene, tenant: string): Promise<void> {
  return ok(
    `root@${tenant}`,
    `ALTER SYSTEM SET DATA_BACKUP_DEST='file://$DIR/${tenant}/data'`,
    `ALTER SYSTEM SET LOG_ARCHIVE_DEST='LOCATION=file://$DIR/${tenant}/log'`,
  );
}

export async function archiveIsDoing({ value }: Scene, tenant: string): Promise<void> {
  await until(
    () => value(`root@${tenant}`, 'SELECT status FROM oceanbase.DBA_OB_ARCHIVELOG'),
    (status) => status === 'DOING',
  );
}

/** Destinations and a round that is DOING. */
export async function startArchive(scene: Scene, tenant: string): Promise<void> {
  await setDestinations(scene, tenant);
  await scene.ok(`root@${tenant}`, 'ALTER SYSTEM ARCHIVELOG');
  await archiveIsDoing(scene, tenant);
}

/** `OK`, or the error as the client has it; anything but an answer of the server is thrown. */
export async function answerOf(work: () => Promise<unknown>): Promise<Answer> {
  try {
    await work();
    return { errno: 0, sqlstate: '', text: 'OK' };
  } catch (error) {
    const { errno, sqlState, message } = error as { errno?: number; sqlState?: string; message: string };
    if (errno === undefined || sqlState === undefined) throw error;
    return { errno, sqlstate: sqlState, text: message };
  }
}

/** Asks again until the answer satisfies, at most ten seconds. */
export async function until<T>(ask: () => Promise<T>, satisfies: (value: T) => boolean): Promise<T> {
  const deadline = Date.now() + 10_000;
  for (;;) {
    const value = await ask();
    if (satisfies(value)) return value;
    if (Date.now() > deadline) throw new Error(`still ${JSON.stringify(value)} after ten seconds`);
    await new Promise((resolve) => setTimeout(resolve, 30));
  }
}
