import { execFile, execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { S3 } from '@aws-sdk/client-s3';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { openS3Medium } from '../../../src/media/s3-medium.ts';
import { scratchDirectory } from '../scratch.ts';
import type { MediumServer } from './fixture.ts';
import { freePort, missingPrograms } from './processes.ts';

const run = promisify(execFile);
const programs = ['ceph', 'ceph-mon', 'ceph-mgr', 'ceph-osd', 'monmaptool', 'radosgw', 'radosgw-admin'];
const packages = ['ceph-mon', 'ceph-mgr', 'ceph-osd', 'ceph-common', 'radosgw'];

/** Keys of the one user of the gateway. */
export const rgwKeys = { accessId: 'RGWTESTUSER', accessKey: 'rgw/test+secret' } as const;

/** How long each process may take to answer. */
const startMs = 60_000;

/** What `MediumServerModule` asks for, so that whatever runs over a medium runs over the gateway too. */
export const refusal = rgwRefusal;

/** The gateway with a bucket, whose directories are the roots. */
export async function start(): Promise<MediumServer & { readonly rgw: CephRgw }> {
  const rgw = await startCephRgw();
  const s3 = new S3({
    endpoint: `http://127.0.0.1:${rgw.port}`,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: rgwKeys.accessId, secretAccessKey: rgwKeys.accessKey },
  });
  await s3.createBucket({ Bucket: 'bucket' });
  let roots = 0;
  return {
    rgw,
    async openRoot() {
      const root = `root${++roots}`;
      const address = rgwAddress(rgw, root);
      return {
        medium: openS3Medium(address),
        reopen: () => openS3Medium(address),
        dispose: async () => undefined,
        address,
        leftovers: async () =>
          (await s3.listMultipartUploads({ Bucket: 'bucket', Prefix: `${root}/` })).Uploads?.length ?? 0,
      };
    },
    async end() {
      s3.destroy();
      await rgw.end();
    },
  };
}

/** A directory of the bucket. */
export function rgwAddress(rgw: CephRgw, root: string): MediumAddress {
  return {
    scheme: 's3',
    path: `s3://bucket/${root}`,
    host: `127.0.0.1:${rgw.port}`,
    authorization: rgwKeys,
    options: {},
  };
}

export interface CephRgw {
  readonly port: number;
  /** kill -9 of the gateway alone. */
  kill(): void;
  /** Starts the gateway again, on the same port. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/**
 * Why the gateway cannot be started here, null when it can; root gets Debian's packages installed when they are missing. With
 * `OBVAULT_TEST_RGW=require` a refusal is an error, with `off` nothing is tried.
 */
export function rgwRefusal(): string | null {
  const wish = process.env['OBVAULT_TEST_RGW'];
  if (wish === 'off') return 'OBVAULT_TEST_RGW=off';
  const refused = process.getuid?.() === 0 ? installMissing() : 'a Ceph cluster is started by root only';
  if (refused !== null && wish === 'require') throw new Error(refused);
  return refused;
}

function installMissing(): string | null {
  if (missingPrograms(programs).length === 0) return null;
  try {
    installPackages();
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? String(error.stderr).trim().split('\n').at(-1) : '';
    return `Debian packages ${packages.join(' ')} are missing and cannot be installed: ${said}`;
  }
  const missing = missingPrograms(programs);
  return missing.length === 0 ? null : `${missing.join(', ')} missing`;
}

function installPackages(): void {
  // No service is started: a policy that says so stands, as in containers, or is put there.
  const script = `set -e
    [ -e /usr/sbin/policy-rc.d ] || { printf '#!/bin/sh\\nexit 101\\n' > /usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d; made=1; }
    apt-get update && apt-get install -y --no-install-recommends ${packages.join(' ')} || failed=1
    [ -z "$made" ] || rm /usr/sbin/policy-rc.d
    [ -z "$failed" ]`;
  execFileSync('sh', ['-c', script], { stdio: 'pipe', env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' } });
}

/** A one-node Ceph cluster in memory with its S3 gateway, all of it on loopback and in one scratch directory. */
export async function startCephRgw(): Promise<CephRgw> {
  const scratch = scratchDirectory();
  const at = (name: string) => join(scratch.path, name);
  const [v2, v1, port] = [await freePort(), await freePort(), await freePort()];
  const fsid = randomUUID();
  const addresses = `[v2:127.0.0.1:${v2},v1:127.0.0.1:${v1}]`;
  for (const name of ['mon', 'mgr', 'osd', 'rgw', 'run', 'log']) mkdirSync(at(name));
  writeFileSync(at('ceph.conf'), configuration(scratch.path, fsid, addresses, port));
  const conf = ['-c', at('ceph.conf')];
  const running: { readonly name: string; readonly stop: (signal: NodeJS.Signals) => Promise<void> }[] = [];
  const start = (name: string, args: readonly string[]) => {
    const child = spawn(name, [...args, ...conf, '-f'], { stdio: ['ignore', 'ignore', 'ignore'] });
    const gone = new Promise<void>((resolve) => {
      child.on('exit', () => resolve());
      child.on('error', () => resolve());
    });
    const stop = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await gone;
    };
    running.push({ name, stop });
    return stop;
  };
  const end = async () => {
    // The cluster holds nothing that is worth an orderly end.
    for (const { stop } of running.reverse()) await stop('SIGKILL');
    scratch.remove();
  };
  try {
    await run('monmaptool', ['--create', '--fsid', fsid, '--addv', 'a', addresses, at('monmap')]);
    await run('ceph-mon', ['-i', 'a', '--mkfs', '--monmap', at('monmap'), ...conf]);
    start('ceph-mon', ['-i', 'a']);
    const ceph = (...args: readonly string[]) => run('ceph', [...conf, '--connect-timeout', '30', ...args]);
    await ceph('osd', 'pool', 'ls');
    start('ceph-mgr', ['-i', 'a']);
    const uuid = randomUUID();
    await ceph('osd', 'new', uuid, '0');
    await run('ceph-osd', ['-i', '0', '--mkfs', '--osd-uuid', uuid, ...conf]);
    start('ceph-osd', ['-i', '0']);
    await ceph('osd', 'crush', 'add', 'osd.0', '1.0', 'host=localhost');
    let stopGateway = start('radosgw', ['-n', 'client.rgw.a']);
    await answers(port);
    await run('radosgw-admin', [
      ...conf,
      ...['-n', 'client.rgw.a', 'user', 'create', '--uid=obvault', '--display-name=obvault'],
      ...[`--access-key=${rgwKeys.accessId}`, `--secret-key=${rgwKeys.accessKey}`],
    ]);
    return {
      port,
      kill: () => void stopGateway('SIGKILL'),
      async restart() {
        await stopGateway('SIGKILL');
        stopGateway = start('radosgw', ['-n', 'client.rgw.a']);
        await answers(port);
      },
      end,
    };
  } catch (error) {
    await end();
    throw error;
  }
}

function configuration(directory: string, fsid: string, addresses: string, port: number): string {
  return `[global]
fsid = ${fsid}
mon host = ${addresses}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
mon allow pool size one = true
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pgp num = 8
osd crush chooseleaf type = 0
mon max pg per osd = 1000
mon data avail warn = 1
mon data avail crit = 1
osd objectstore = memstore
memstore device bytes = 4294967296
osd memory target = 939524096
run dir = ${directory}/run
admin socket = ${directory}/run/$name.asok
log file = ${directory}/log/$name.log
mon data = ${directory}/mon
mgr data = ${directory}/mgr
osd data = ${directory}/osd
rgw data = ${directory}/rgw

[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${port} tcp_nodelay=1
rgw dns name = s3.rgw.test
ms mon client mode = crc secure
auth client required = none
`;
}

/** Resolves when the gateway speaks HTTP. */
async function answers(port: number): Promise<void> {
  const until = Date.now() + startMs;
  for (;;) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      (answer) => answer.status < 500,
      () => false,
    );
    if (up) return;
    if (Date.now() > until) throw new Error(`the gateway did not answer within ${startMs} ms`);
    await pause(100);
  }
}
