import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type Contender, run, type TakenCopy, timedAndSynced, treeBytes, type Where } from './part-peers-contender.ts';
import type { FileVersions } from './part-peers-data.ts';

/** What tells the tools that back up files apart: their commands. */
interface FileTool {
  readonly name: string;
  readonly where: Where;
  init(repository: string): Promise<unknown>;
  backUp(repository: string, label: string): Promise<unknown>;
  /** Brings the backup of that label to below the directory. */
  bringBack(repository: string, label: string, into: string): Promise<unknown>;
  verify(repository: string): Promise<unknown>;
}

/** restic with its own choice of zstd (2 threads by itself); it encrypts always. */
export function restic(place: string, file: FileVersions): Contender {
  const passwordFile = join(place, 'restic-password');
  writeFileSync(passwordFile, 'bench-password');
  const env = { ...process.env, RESTIC_PASSWORD_FILE: passwordFile, RESTIC_CACHE_DIR: join(place, 'restic-cache') };
  const where = { env, cwd: dirname(file.path) };
  const say = (repository: string, ...args: string[]) => run('restic', ['-q', '-r', repository, ...args], where);
  return fileContender(place, file, {
    name: 'restic',
    where,
    init: (repository) => say(repository, 'init', '--repository-version', '2'),
    backUp: (repository, label) =>
      say(repository, 'backup', '--compression', 'auto', '--tag', label, basename(file.path)),
    bringBack: (repository, label, into) => say(repository, 'restore', 'latest', '--tag', label, '--target', into),
    verify: (repository) => say(repository, 'check', '--read-data'),
  });
}

/** borg with zstd at level 1 and the key in the repository, as its manual begins. */
export function borg(place: string, file: FileVersions): Contender {
  const env = { ...process.env, BORG_BASE_DIR: join(place, 'borg-base'), BORG_PASSPHRASE: 'bench-password' };
  const where = { env, cwd: dirname(file.path) };
  return fileContender(place, file, {
    name: 'borg',
    where,
    init: (repository) => run('borg', ['init', '--encryption=repokey-blake2', repository], where),
    backUp: (repository, label) =>
      run('borg', ['create', '--compression=zstd,1', `${repository}::${label}`, basename(file.path)], where),
    bringBack: (repository, label, into) => run('borg', ['extract', `${repository}::${label}`], { env, cwd: into }),
    verify: (repository) => run('borg', ['check', '--verify-data', repository], where),
  });
}

function fileContender(place: string, file: FileVersions, tool: FileTool): Contender {
  const repository = join(place, `${tool.name}-repository`);
  const into = join(place, `${tool.name}-restored`);
  const take = async (label: string): Promise<TakenCopy> => {
    const before = treeBytes(repository);
    const seconds = await timedAndSynced(repository, () => tool.backUp(repository, label));
    return { seconds, sourceBytes: file.sizeBytes, writtenBytes: treeBytes(repository) - before };
  };
  return {
    name: tool.name,
    sealed: true,
    async begin() {
      rmSync(repository, { recursive: true, force: true });
      await tool.init(repository);
      file.useBefore();
    },
    full: () => take('full'),
    async restore() {
      mkdirSync(into);
      const seconds = await timedAndSynced(into, () => tool.bringBack(repository, 'full', into));
      await run('cmp', [file.path, join(into, basename(file.path))]);
      rmSync(into, { recursive: true });
      return { seconds, bytes: file.sizeBytes };
    },
    async verify() {
      const seconds = await timedAndSynced(repository, () => tool.verify(repository));
      return { seconds, bytes: treeBytes(repository) };
    },
    async change() {
      file.useAfter();
    },
    incremental: () => take('incremental'),
  };
}
