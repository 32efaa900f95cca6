import { type ChildProcess, spawn } from 'node:child_process';
import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { CifsAddress } from './address.ts';
import { answerTimeoutMs } from './limits.ts';
import { withSpool } from './spool.ts';

export interface Launch {
  /** What stands before smbclient on its command line. */
  readonly before: readonly string[];
  /** The child's descriptor 4. */
  readonly extra?: FileHandle;
}

/**
 * Starts smbclient on a share. User and password go through an authentication file that has no name any more when the child reads
 * it (descriptor 3): no command line, no environment and no directory shows them. Traffic is signed; SMB 1 is refused. Commands
 * go to its standard input, line by line. All it says, it says on its standard error, as it happens.
 */
export async function launchSmbclient(address: CifsAddress, launch: Launch): Promise<ChildProcess> {
  const { host, port, share } = address;
  const args = [
    ...launch.before,
    'smbclient',
    `//${host}/${share}`,
    `--port=${port}`,
    '--configfile=/dev/null',
    '--authentication-file=/dev/fd/3',
    '--client-protection=sign',
    '--option=client min protocol=SMB2_02',
    '--max-protocol=SMB3',
    `--timeout=${answerTimeoutMs / 1_000}`,
    '--stderr',
  ];
  const secrets = await openSecrets(address);
  try {
    const child = spawn('env', args, {
      stdio: ['pipe', 'ignore', 'pipe', secrets.fd, ...(launch.extra ? [launch.extra.fd] : [])],
      // Nothing of ours: smbclient would take a user and a password from there. Times come in UTC.
      env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TZ: 'UTC', LC_ALL: 'C' },
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', () => reject(new MediumError('unsupported', '', 'no process could be started')));
    });
    child.on('error', () => undefined);
    child.stdin?.on('error', () => undefined);
    return child;
  } finally {
    await secrets.close();
  }
}

async function openSecrets({ user, password, domain }: CifsAddress): Promise<FileHandle> {
  const lines = [`username = ${user}`, `password = ${password}`, ...(domain === '' ? [] : [`domain = ${domain}`]), ''];
  return withSpool('', async (spool) => {
    try {
      await spool.handle.write(lines.join('\n'), 0);
      // A descriptor of its own that only reads, and stands at the beginning.
      return await open(spool.path, 'r');
    } catch (error) {
      throw fileError('', error);
    }
  });
}
