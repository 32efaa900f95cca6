import { execFileSync } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import type { Medium } from '../../src/media/medium.ts';
import { MediumError } from '../../src/media/medium.ts';
import { type MediumAddress, openMedium } from '../../src/media/open-medium.ts';
import { openOssMedium } from '../../src/media/oss-medium.ts';
import { openS3Medium } from '../../src/media/s3-medium.ts';
import { renewPauseMs, stsDeadlineMs } from '../../src/media/sts/limits.ts';
import { stsEndpoint } from '../../src/media/sts/role.ts';
import { selfSigned } from '../wire/certificate.ts';
import { scratchDirectory } from './scratch.ts';
import { OssDouble } from './servers/oss-double.ts';
import { S3Double } from './servers/s3-double.ts';
import { StsDouble, stsCaller } from './servers/sts-double.ts';

/** A store and its token service; each test asks for a role nobody has asked for before. */
interface Scene {
  readonly sts: StsDouble;
  address(change?: Partial<MediumAddress['authorization']>): MediumAddress;
  open(address: MediumAddress, clock?: Clock): Medium;
  stop(): Promise<void>;
}

const externalId = 'tenant 7/backup*(1)';
let serial = 0;

const names = {
  s3: ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  oss: ['ALIBABA_CLOUD_ACCESS_KEY_ID', 'ALIBABA_CLOUD_ACCESS_KEY_SECRET'],
} as const;

async function sceneOf(scheme: 's3' | 'oss'): Promise<Scene> {
  const sts = await StsDouble.start();
  const arn = `arn:aws:iam::1:role/backup-${++serial}`;
  sts.roles.set(arn, externalId);
  const authorization = { accessId: arn, accessKey: externalId, byRole: true };
  const at = (host: string): MediumAddress => ({
    scheme,
    path: `${scheme}://bucket/dest`,
    host,
    authorization,
    options: { sts_host: `http://${sts.host}` },
  });
  const changed = (address: MediumAddress, change: object) => ({
    ...address,
    authorization: { ...authorization, ...change },
  });
  if (scheme === 's3') {
    const double = await S3Double.start();
    double.temporary = sts.given;
    return {
      sts,
      address: (change = {}) => changed(at(`127.0.0.1:${double.port}`), change),
      open: (address, clock) => openS3Medium(address, clock),
      stop: () => Promise.all([double.stop(), sts.stop()]).then(() => undefined),
    };
  }
  const double = new OssDouble();
  await double.listen();
  double.bucket('bucket');
  double.temporary = sts.given;
  return {
    sts,
    address: (change = {}) => changed(at(`127.0.0.1:${double.port}`), change),
    open: (address, clock) => openOssMedium(address, clock),
    stop: () => Promise.all([double.kill(), sts.stop()]).then(() => undefined),
  };
}

const bytes = Buffer.from('content');

/** The metadata service of a machine with a role, whose keys are those of `stsCaller` and end some time. */
async function metadataDouble(scheme: 's3' | 'oss') {
  const [vendor, kind] = scheme === 's3' ? ['aws-ec2', 'iam'] : ['aliyun-ecs', 'ram'];
  const keyName = scheme === 's3' ? 'SecretAccessKey' : 'AccessKeySecret';
  const tokenName = scheme === 's3' ? 'Token' : 'SecurityToken';
  const path = `/latest/meta-data/${kind}/security-credentials/`;
  const asked: string[] = [];
  const health = { sick: false };
  const server = createServer(({ method, url, headers }, response) => {
    const known = headers[`x-${vendor}-metadata-token`] === 'session';
    if (method === 'PUT' && url === '/latest/api/token' && headers[`x-${vendor}-metadata-token-ttl-seconds`]) {
      asked.push(`${method} ${url}`);
      response.end('session');
    } else if (health.sick) response.writeHead(503).end();
    else if (method === 'GET' && url === path && known) {
      asked.push('GET role');
      response.end('backup-role\n');
    } else if (method === 'GET' && url === `${path}backup-role` && known) {
      asked.push('GET keys');
      const keys = { AccessKeyId: stsCaller.accessId, [keyName]: stsCaller.accessKey, [tokenName]: 'machine/token==' };
      response.end(JSON.stringify({ Code: 'Success', ...keys, Expiration: '2099-01-01T00:00:00Z' }));
    } else response.writeHead(401).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    asked,
    health,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}

async function failure(work: Promise<unknown>): Promise<MediumError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(MediumError);
  const printed = inspect(error, { depth: 20, showHidden: true });
  for (const secret of [stsCaller.accessKey, externalId, 'role/secret', 'token/'])
    expect(printed).not.toContain(secret);
  return error as MediumError;
}

test.each([
  ['s3', 'https://s3.eu-west-3.amazonaws.com', {}, 'sts.eu-west-3.amazonaws.com'],
  ['s3', 's3.cn-north-1.amazonaws.com.cn', {}, 'sts.cn-north-1.amazonaws.com.cn'],
  ['s3', 'bucket.vpce-1.s3.us-east-1.vpce.amazonaws.com', { s3_region: 'us-east-1' }, 'sts.us-east-1.amazonaws.com'],
  ['s3', 's3.amazonaws.com', {}, 'sts.amazonaws.com'],
  ['s3', 'http://10.0.0.7:9000', {}, '10.0.0.7:9000'],
  ['s3', 'https://amazonaws.com.example.net', {}, 'amazonaws.com.example.net'],
  ['oss', 'oss-cn-hangzhou.aliyuncs.com', {}, 'sts.cn-hangzhou.aliyuncs.com'],
  ['oss', 'oss-cn-hangzhou-internal.aliyuncs.com', {}, 'sts-vpc.cn-hangzhou.aliyuncs.com'],
  ['oss', 'oss.example.net', {}, null],
  ['oss', 'oss.example.net', { sts_host: 'sts.example.net:8443' }, 'sts.example.net:8443'],
] as const)('%s on %s is asked for at its service: %j', (scheme, host, options, expected) => {
  const found = stsEndpoint({ scheme, host, options });
  const shown = found && `${found.hostname}${found.port === null ? '' : `:${found.port}`}`;
  expect(shown).toBe(expected);
  // What a cloud runs is spoken to in secret, whatever the store is.
  if (expected !== null && /^sts\.[^:]*\.com/.test(expected)) expect(found?.tls).toBe(true);
});

test('a service behind a certificate of its own is believed with ca_file only', async () => {
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'])
    vi.stubEnv(name, name.endsWith('ID') ? stsCaller.accessId : stsCaller.accessKey);
  vi.stubEnv('OBVAULT_CREDENTIALS_FILE', '');
  const tls = selfSigned();
  const scratch = scratchDirectory();
  const caFile = join(scratch.path, 'ca.pem');
  writeFileSync(caFile, tls.cert);
  const sts = await StsDouble.start('us-east-1', tls);
  sts.roles.set('r', null);
  const double = await S3Double.start();
  double.temporary = sts.given;
  const open = (more: Readonly<Record<string, string>>) =>
    openS3Medium({
      scheme: 's3',
      path: 's3://bucket/dest',
      host: `127.0.0.1:${double.port}`,
      authorization: { accessId: 'r', accessKey: '', byRole: true },
      options: { sts_host: `https://${sts.host}`, ...more },
    });
  const error = await failure(open({}).list(''));
  expect([error.kind, error.message]).toEqual(['denied', expect.stringMatching(/CERT|SELF_SIGNED/)]);
  expect((await failure(open({ ca_file: join(scratch.path, 'none.pem') }).list(''))).message).toContain('ENOENT');
  expect(await open({ ca_file: caFile }).list('')).toEqual([]);
  await double.stop();
  await sts.stop();
  scratch.remove();
  vi.unstubAllEnvs();
});

describe.each(['s3', 'oss'] as const)('a role on %s', (scheme) => {
  let scene: Scene;
  let medium: Medium | null = null;
  const open = (change?: Partial<MediumAddress['authorization']>, clock?: Clock) => {
    medium = scene.open(scene.address(change), clock);
    return medium;
  };
  beforeEach(async () => {
    // The thread media live in takes the environment of the moment it was started in.
    for (const [id, key] of Object.values(names)) {
      vi.stubEnv(id, stsCaller.accessId);
      vi.stubEnv(key, stsCaller.accessKey);
    }
    vi.stubEnv('OBVAULT_CREDENTIALS_FILE', '');
    scene = await sceneOf(scheme);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await medium?.close();
    await scene.stop();
  });

  test('is asked for once by all media that speak for it', async () => {
    const first = open();
    await Promise.all(['a', 'b', 'c', 'd'].map((key) => first.putSmall(key, bytes, 'create')));
    const second = scene.open(scene.address());
    expect((await second.list('')).map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
    await second.close();
    expect(scene.sts.answers).toEqual(['']);
  });

  test('gets new keys before the old ones end, which serve meanwhile', async () => {
    scene.sts.lastsMs = 480_000;
    let aheadMs = 0;
    const clock: Clock = { ...systemClock, nowUs: () => systemClock.nowUs() + aheadMs * 1_000 };
    const medium = open({}, clock);
    await medium.putSmall('a', bytes, 'create');
    aheadMs = 300_000;
    await medium.read('a');
    expect(scene.sts.answers).toEqual(['']);
    // The service is away when the last quarter begins: nobody notices.
    scene.sts.trouble = { status: 500, code: 'InternalFailure' };
    aheadMs = 400_000;
    await medium.read('a');
    await vi.waitFor(() => expect(scene.sts.answers).toEqual(['', 'InternalFailure']));
    scene.sts.trouble = null;
    await medium.read('a');
    expect(scene.sts.answers).toEqual(['', 'InternalFailure']);
    aheadMs += renewPauseMs;
    await medium.read('a');
    await vi.waitFor(() => expect(scene.sts.answers).toEqual(['', 'InternalFailure', '']));
    // Those of before are not used any more.
    const [old] = scene.sts.given.keys();
    scene.sts.given.delete(old ?? '');
    await medium.read('a');
  });

  test('whose keys the store calls ended is asked for anew, and a call that met it is repeated', async () => {
    const end = () => {
      for (const [id, keys] of scene.sts.given) scene.sts.given.set(id, { ...keys, endsMs: 0 });
    };
    const bare = open();
    await bare.putSmall('a', bytes, 'create');
    end();
    expect((await failure(bare.read('a'))).kind).toBe('unavailable');
    expect(Buffer.from(await bare.read('a'))).toEqual(bytes);
    expect(scene.sts.answers).toEqual(['', '']);
    end();
    expect((await failure(bare.head('a'))).kind).toBe('unavailable');
    expect((await bare.head('a'))?.sizeBytes).toBe(bytes.length);
    expect(scene.sts.answers).toEqual(['', '', '']);
    const whole = openMedium(scene.address());
    const sink = await whole.createObject('large');
    await sink.writeAt(0, bytes);
    end();
    await sink.publish(bytes.length);
    end();
    expect(Buffer.from(await whole.read('large'))).toEqual(bytes);
    await whole.close();
  });

  test.each([
    ['another external id', { accessKey: 'other' }],
    ['no external id', { accessKey: '' }],
    ['another role', { accessId: 'arn:aws:iam::1:role/other' }],
  ])('with %s is refused', async (_, change) => {
    const error = await failure(open(change).list(''));
    expect(error.kind).toBe('denied');
    expect(error.message).toContain('AssumeRole');
  });

  test('without keys of the server, or with wrong ones, is refused', async () => {
    vi.stubEnv(names[scheme][1], 'wrong');
    expect((await failure(open().list(''))).kind).toBe('denied');
    vi.stubEnv(names[scheme][1], '');
    const error = await failure(open().list(''));
    expect([error.kind, error.message]).toEqual(['denied', expect.stringContaining(names[scheme][1])]);
  });

  test('is asked for with the keys of a file that only its owner may read, read anew each time', async () => {
    const scratch = scratchDirectory();
    const path = join(scratch.path, 'keys');
    vi.stubEnv('OBVAULT_CREDENTIALS_FILE', path);
    vi.stubEnv(names[scheme][1], 'wrong');
    expect((await failure(open().list(''))).message).toContain('ENOENT');
    const write = (key: string) =>
      writeFileSync(path, `# ours\n${names[scheme][0]} = ${stsCaller.accessId}\n${names[scheme][1]}=${key}\n`);
    write('old');
    expect((await failure(open().list(''))).message).toContain('others');
    chmodSync(path, 0o600);
    expect((await failure(open().list(''))).message).toContain('AssumeRole');
    write(stsCaller.accessKey);
    expect(await open().list('')).toEqual([]);
    rmSync(path);
    execFileSync('mkfifo', ['-m', '600', path]);
    expect((await failure(open({ accessKey: 'other' }).list(''))).message).toContain('no file of keys');
    scratch.remove();
  });

  test('is asked for with the role of the machine where nothing else is told', async () => {
    const [id] = names[scheme];
    vi.stubEnv(id, '');
    const machine = await metadataDouble(scheme);
    const variable = { s3: 'AWS_EC2_METADATA', oss: 'ALIBABA_CLOUD_ECS_METADATA' }[scheme];
    vi.stubEnv(`${variable}_SERVICE_ENDPOINT`, machine.origin);
    scene.sts.callerToken = 'machine/token==';
    expect(await open().list('')).toEqual([]);
    expect(machine.asked).toEqual(['PUT /latest/api/token', 'GET role', 'GET keys']);
    machine.health.sick = true;
    expect((await failure(open({ accessKey: 'other' }).list(''))).kind).toBe('unavailable');
    machine.health.sick = false;
    vi.stubEnv(`${variable}_DISABLED`, 'true');
    expect((await failure(open({ accessKey: 'other' }).list(''))).message).toContain(id);
    expect(machine.asked.length).toBe(4);
    vi.stubEnv(`${variable}_DISABLED`, '');
    await machine.stop();
    expect((await failure(open({ accessKey: 'another' }).list(''))).message).toContain(id);
  });

  test('whose service is away, sick or silent says so within its deadline', async () => {
    const hundredth: Clock = { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / 100, signal) };
    scene.sts.trouble = 'silence';
    const error = await failure(open({}, hundredth).list(''));
    expect([error.kind, error.message]).toEqual(['timeout', expect.stringContaining(`${stsDeadlineMs} ms`)]);
    scene.sts.trouble = { status: 503, code: 'ServiceUnavailable' };
    expect((await failure(open().list(''))).kind).toBe('unavailable');
    scene.sts.trouble = { status: 400, code: scheme === 's3' ? 'Throttling' : 'Throttling.User' };
    expect((await failure(open().list(''))).kind).toBe('throttled');
    await scene.sts.stop();
    expect((await failure(open().list(''))).kind).toBe('unavailable');
  });
});
