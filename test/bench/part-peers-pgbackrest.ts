import { chmodSync, chownSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Contender, run, said, type TakenCopy, timedAndSynced, treeBytes } from './part-peers-contender.ts';
import { changeStatement } from './part-peers-data.ts';
import type { Postgres } from './part-peers-postgres.ts';

/** pgBackRest over a PostgreSQL with the same rows: zstd at level 1, two processes, its log archived meanwhile as it asks for. */
export async function pgBackRest(postgres: Postgres, changes: readonly string[]): Promise<Contender> {
  const { home, dataDir, where } = postgres;
  const repository = join(home, 'repository');
  const restored = join(home, 'restored');
  const config = join(home, 'pgbackrest.conf');
  writeFileSync(config, configText(postgres, repository));
  const args = [`--config=${config}`, '--stanza=main'];
  await postgres.start({
    max_wal_size: '4GB',
    archive_mode: 'on',
    archive_command: `pgbackrest ${args.join(' ')} archive-push %p`,
  });
  const say = (...more: string[]) => run('pgbackrest', [...args, ...more], where);
  await say('stanza-create');
  const sets = join(repository, 'backup', 'main');
  const take = async (type: string): Promise<TakenCopy> => {
    const known = new Set(readdirSync(sets));
    const seconds = await timedAndSynced(sets, () => say('backup', `--type=${type}`));
    const made = readdirSync(sets, { withFileTypes: true }).filter(
      (entry) => entry.isDirectory() && !known.has(entry.name),
    );
    const label = made.find(({ name }) => /^\d{8}-/.test(name));
    if (label === undefined) throw new Error(`pgBackRest made no ${type} backup`);
    return { seconds, sourceBytes: treeBytes(join(dataDir, 'base')), writtenBytes: treeBytes(join(sets, label.name)) };
  };
  return {
    name: 'pgBackRest',
    sealed: false,
    async begin() {},
    full: () => take('full'),
    async restore() {
      mkdirSync(restored);
      const { uid, gid } = statSync(home);
      chownSync(restored, uid, gid);
      chmodSync(restored, 0o700);
      const seconds = await timedAndSynced(restored, () => say('restore', `--pg1-path=${restored}`));
      const bytes = treeBytes(join(restored, 'base'));
      rmSync(restored, { recursive: true });
      return { seconds, bytes };
    },
    async verify() {
      let text = '';
      const seconds = await timedAndSynced(repository, async () => {
        text = await said('pgbackrest', [...args, 'verify', '--output=text', '--verbose'], where);
      });
      // It ends with code 0 whatever it finds.
      if (!text.includes('status: valid') || /status: (?!valid|ok)|invalid: [1-9]|missing: [1-9]/.test(text))
        throw new Error(`pgBackRest did not verify: ${text}`);
      return { seconds, bytes: treeBytes(repository) };
    },
    async change() {
      for (const ids of changes) await postgres.say(changeStatement(ids));
    },
    incremental: () => take('incr'),
  };
}

function configText({ home, dataDir, port }: Postgres, repository: string): string {
  return `[global]
repo1-path=${repository}
compress-type=zst
compress-level=1
process-max=2
start-fast=y
expire-auto=n
log-level-console=warn
log-level-file=off
log-path=${home}
lock-path=${home}
spool-path=${home}

[main]
pg1-path=${dataDir}
pg1-socket-path=${home}
pg1-port=${port}
`;
}
