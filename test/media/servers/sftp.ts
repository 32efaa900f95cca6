import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { isTempName } from '../../../src/media/key.ts';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { openSftpMedium } from '../../../src/media/sftp-medium.ts';
import { scratchDirectory } from '../scratch.ts';
import { type MediumServer, rootsOf } from './fixture.ts';
import { freePort, type Killable, killable, missingPrograms, saidOnStderr } from './processes.ts';

export function refusal(): string | null {
  const missing = missingPrograms(['/usr/sbin/sshd', 'ssh-keygen']);
  return missing.length === 0 ? null : `${missing.join(' and ')} missing (Debian package openssh-server)`;
}

/** A real sshd on the loopback interface, for the user who runs the tests. */
export interface Sshd extends Killable {
  readonly port: number;
  /** A directory the server serves; it goes with the server. */
  readonly directory: string;
  /** Address of a directory on it, by key. */
  address(directory: string): MediumAddress;
  readonly fingerprint: string;
  readonly keyPath: string;
}

export interface SshdOptions {
  /** Requests of SFTP the server refuses and does not offer, as sftp-server's -P takes them. */
  readonly denied?: readonly string[];
  /** A user who may log in by password; needs root. */
  readonly passwordUser?: string;
}

export async function startSshd({ denied = [], passwordUser }: SshdOptions = {}): Promise<Sshd> {
  const scratch = scratchDirectory();
  const at = (name: string) => join(scratch.path, name);
  for (const name of ['host', 'client'])
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', name, '-f', at(name)]);
  const port = await freePort();
  writeFileSync(
    at('config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${at('host')}`,
      `PidFile ${at('pid')}`,
      `AuthorizedKeysFile ${at('client.pub')}`,
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin prohibit-password',
      `PasswordAuthentication ${passwordUser === undefined ? 'no' : 'yes'}`,
      `AllowUsers ${userInfo().username} ${passwordUser ?? ''}`,
      'MaxStartups 100',
      'Subsystem sftp internal-sftp',
      `ForceCommand internal-sftp${denied.length === 0 ? '' : ` -P ${denied.join(',')}`}`,
      '',
    ].join('\n'),
  );
  if (userInfo().uid === 0) mkdirSync('/run/sshd', { recursive: true });
  const directory = at('served');
  mkdirSync(directory);
  const launch = async () => {
    const child = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', at('config')], { stdio: ['ignore', 'ignore', 'pipe'] });
    await saidOnStderr(child, 'Server listening');
    return child;
  };
  const server = await killable(launch);
  const fingerprint = execFileSync('ssh-keygen', ['-l', '-f', at('host.pub')], { encoding: 'utf8' }).split(' ')[1]!;
  return {
    port,
    directory,
    fingerprint,
    keyPath: at('client'),
    ...server,
    address: (path) => ({
      scheme: 'sftp',
      path: `sftp://${userInfo().username}@127.0.0.1:${port}${path}`,
      host: '',
      authorization: { accessId: userInfo().username, accessKey: '' },
      options: { host_key: fingerprint, private_key: at('client') },
    }),
    async end() {
      await server.end();
      scratch.remove();
    },
  };
}

export async function start(): Promise<MediumServer> {
  const sshd = await startSshd();
  const rootAt = (no: number) => {
    const directory = join(sshd.directory, `root ${no}`, 'dest');
    return { address: sshd.address(directory), leftovers: async () => tempsBelow(directory) };
  };
  return rootsOf({ rootAt, open: (address) => openSftpMedium(address), end: () => sshd.end() });
}

/** Temporary names below a directory of this machine. */
export function tempsBelow(directory: string): number {
  return readdirSync(directory, { recursive: true }).filter((name) => isTempName(String(name))).length;
}

/** True when any process of this machine has the text on its command line or in its environment. */
export function shownByProcesses(secret: string): boolean {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .some((pid) => ['cmdline', 'environ'].some((file) => readOrNothing(`/proc/${pid}/${file}`).includes(secret)));
}

function readOrNothing(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
