import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { openCifsMedium } from '../../../src/media/cifs-medium.ts';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { scratchDirectory } from '../scratch.ts';
import { type MediumServer, rootsOf } from './fixture.ts';
import { answers, freePort, type Killable, killable, missingPrograms } from './processes.ts';

export function refusal(): string | null {
  const missing = missingPrograms(['/usr/sbin/smbd', 'smbclient', 'pdbedit']);
  return missing.length === 0 ? null : `${missing.join(' and ')} missing (Debian packages samba and smbclient)`;
}

/** A real smbd on the loopback interface, for the user who runs the tests. */
export interface Smbd extends Killable {
  readonly port: number;
  /** The directory that is shared as `vault`. */
  readonly directory: string;
  readonly user: string;
  readonly password: string;
  /** Address of a directory below a share. */
  address(directory: string, share?: string): MediumAddress;
}

/** `path` is the directory to share, a new one unless given. */
export async function startSmbd(options: { readonly path?: string } = {}): Promise<Smbd> {
  const scratch = scratchDirectory();
  const at = (name: string) => join(scratch.path, name);
  const directory = options.path ?? at('served');
  const own = ['private', 'lock', 'state', 'cache', 'pid', 'ncalrpc'];
  for (const name of own) mkdirSync(at(name));
  mkdirSync(directory, { recursive: true });
  const port = await freePort();
  writeFileSync(
    at('smb.conf'),
    [
      '[global]',
      'workgroup = WORKGROUP',
      'server role = standalone server',
      `smb ports = ${port}`,
      'bind interfaces only = yes',
      'interfaces = 127.0.0.1/8',
      ...own.map((name) => `${name}${name === 'private' || name === 'ncalrpc' ? ' dir' : ' directory'} = ${at(name)}`),
      'passdb backend = tdbsam',
      'disable netbios = yes',
      'strict sync = yes',
      'sync always = yes',
      'server min protocol = SMB2_02',
      'load printers = no',
      'disable spoolss = yes',
      `log file = ${at('log')}`,
      '[vault]',
      `path = ${directory}`,
      'read only = no',
      '[readonly]',
      `path = ${directory}`,
      'read only = yes',
      '',
    ].join('\n'),
  );
  const { username: user } = userInfo();
  const password = `p%a'ss wörd ${port}`;
  const addUser = ['-s', at('smb.conf'), '-t', '-a', '-u', user];
  execFileSync('pdbedit', addUser, { input: `${password}\n${password}\n`, stdio: 'pipe' });
  const launch = async () => {
    const args = ['-F', '--no-process-group', '-s', at('smb.conf')];
    const child = spawn('/usr/sbin/smbd', args, { stdio: 'ignore' });
    await answers(port, child);
    return child;
  };
  const server = await killable(launch);
  return {
    port,
    directory,
    user,
    password,
    ...server,
    address: (path, share = 'vault') => ({
      scheme: 'cifs',
      path: `cifs://127.0.0.1:${port}/${share}${path === '' ? '' : '/'}${path}`,
      host: '',
      authorization: { accessId: user, accessKey: password },
      options: {},
    }),
    async end() {
      await server.end();
      scratch.remove();
    },
  };
}

export async function start(): Promise<MediumServer> {
  const smbd = await startSmbd();
  const rootAt = (no: number) => ({ address: smbd.address(`root ${no}/dest`) });
  return rootsOf({ rootAt, open: (address) => openCifsMedium(address), end: () => smbd.end() });
}
