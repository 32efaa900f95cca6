import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseRelease } from '../../src/base/release.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { parseObStatement } from '../../src/sql/parse-ob.ts';
import { runObStatement } from '../../src/statements/run-statement.ts';
import { type Harness, makeTenant, startHarness } from '../jobs/job-harness.ts';
import { placeAt } from '../jobs/media-vertical.ts';
import { refusal as cifsRefusal, type Smbd, startSmbd } from '../media/servers/cifs.ts';
import { cosAddress } from '../media/servers/cos.ts';
import { CosDouble } from '../media/servers/cos-double.ts';
import { hdfsAddress } from '../media/servers/hdfs.ts';
import { HdfsDouble } from '../media/servers/hdfs-double.ts';
import { ossAddress } from '../media/servers/oss.ts';
import { type OssCall, OssDouble } from '../media/servers/oss-double.ts';
import { freePort } from '../media/servers/processes.ts';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { type Sshd, refusal as sftpRefusal, startSshd } from '../media/servers/sftp.ts';

/** Two servers' worth of controllers: the codes changed with 4.3, but for -9070, which takes its time. */
const harnesses: Harness[] = [];
let closedPort = 0;
beforeAll(async () => {
  closedPort = await freePort();
  for (const release of ['4.2.1', '4.3.5']) {
    const harness = await startHarness({ release: parseRelease(release) });
    await makeTenant(harness, 'shop');
    harnesses.push(harness);
  }
});
afterAll(async () => {
  for (const harness of harnesses) await harness.stop();
});

interface Told {
  readonly codes: readonly number[];
  readonly hints: readonly string[];
}

/** What SET of a data destination answers in so many releases, 0 for OK, and the warnings beside it. */
async function setEverywhere(address: MediumAddress, directory = 'dest', more = '', releases = 2): Promise<Told> {
  const text = placeAt(address).text(directory, more);
  const [codes, hints]: [number[], string[]] = [[], []];
  for (const [i, harness] of harnesses.slice(0, releases).entries()) {
    const speaker = await harness.speaker('shop');
    speaker.warn = (_level, _errno, message) => void hints.push(message);
    const place = text.replace('dest', `dest${i}`).replaceAll("'", "''");
    codes.push(
      await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${place}'`, 'shop').then(
        () => 0,
        (error: unknown) => {
          if (!(error instanceof ObError)) throw error;
          expect(error.message).not.toContain(address.authorization.accessKey || 'no secret');
          return error.code;
        },
      ),
    );
    for (const hint of hints) expect(hint).not.toContain(address.authorization.accessKey || 'no secret');
  }
  return { codes, hints };
}

const withKey = (address: MediumAddress, accessKey: string): MediumAddress => ({
  ...address,
  authorization: { ...address.authorization, accessKey },
});

/** A destination that is refused: by what, how it is made so, the codes of the releases, and what the warnings say. */
type Refusal = readonly [name: string, make: () => MediumAddress, codes: readonly number[], hint?: RegExp];

function eachHasItsCode(refusals: readonly Refusal[]): void {
  for (const [name, make, codes, hint = /./] of refusals)
    test(`${name} has its code`, async () => {
      const told = await setEverywhere(make(), 'dest', '', codes.length);
      expect(told.codes).toEqual(codes);
      for (const one of told.hints) expect(one).toMatch(hint);
      expect(told.hints).toHaveLength(codes.length);
    });
}

function isTaken(address: () => MediumAddress, withTags: boolean): void {
  test(`is taken when it is right${withTags ? ', and with tags' : ''}`, async () => {
    expect(await setEverywhere(address())).toEqual({ codes: [0, 0], hints: [] });
    if (!withTags) return;
    expect(await setEverywhere(address(), 'tags/dest', 'delete_mode=tagging')).toEqual({ codes: [0, 0], hints: [] });
  });
}

/** What every object store refuses alike. */
function storeRefusals(store: {
  readonly scheme: string;
  address(): MediumAddress;
  /** The address, while the store's clock is twenty minutes off. */
  skewed(): MediumAddress;
}): readonly Refusal[] {
  const { scheme, address, skewed } = store;
  const closed = () => ({ ...address(), host: `127.0.0.1:${closedPort}` });
  return [
    ['a wrong key', () => withKey(address(), 'wrong-secret'), [-9071, -9116], /^denied at/],
    ['a missing bucket', () => ({ ...address(), path: `${scheme}://nowhere` }), [-9011, -9120], /^no container at/],
    ['a closed port', closed, [-9070], /^(network|unavailable) at/],
    ['a late clock', skewed, [-9071, -9116], /^clock skew at/],
  ];
}

/** The destination is taken, and both releases say what to beware of; TEST DESTINATION says it too. */
function isTakenWithWarning(name: string, make: () => MediumAddress, directory: string, hint: RegExp): void {
  test(`${name} is taken with a warning, and told by TEST DESTINATION`, async () => {
    const address = make();
    const told = await setEverywhere(address, `${directory}/dest`);
    expect(told.codes).toEqual([0, 0]);
    expect(told.hints).toHaveLength(2);
    for (const one of told.hints) expect(one).toMatch(hint);
    const [harness] = harnesses;
    const sql = `ALTER SYSTEM TEST DESTINATION '${placeAt(address).text(directory)}'`;
    const statement = parseObStatement(sql, { release: harness!.controller.release, oracle: false });
    const { rows } = await runObStatement(statement, await harness!.speaker('shop'), harness!.controller);
    expect(rows?.cells.find(([property]) => property === 'CREATE ONLY')?.[1]).toBe('NO');
  });
}

describe('a destination on S3', () => {
  let double: S3Double;
  beforeAll(async () => {
    double = await S3Double.start({ buckets: ['vault'] });
  });
  afterAll(() => double?.stop());
  afterEach(() => {
    double.skewMs = 0;
    double.elsewhere = null;
    double.putIgnoresCondition = false;
  });
  const address = (): MediumAddress => ({
    scheme: 's3',
    path: 's3://vault',
    host: `127.0.0.1:${double.port}`,
    authorization: s3Keys,
    options: {},
  });

  isTaken(address, true);
  eachHasItsCode([
    [
      'another region',
      () => ({ ...address(), options: { s3_region: 'eu-north-1' } }),
      [-9105, -9117],
      /is in us-east-1/,
    ],
    [
      'a bucket of another endpoint',
      () => {
        double.elsewhere = 'eu-west-3';
        return address();
      },
      [-9105, -9117],
      /is in eu-west-3/,
    ],
    ...storeRefusals({
      scheme: 's3',
      address,
      skewed() {
        double.skewMs = 1_200_000;
        return address();
      },
    }),
  ]);

  const careless = () => {
    double.putIgnoresCondition = true;
    return address();
  };
  isTakenWithWarning('a store without conditions', careless, 'careless', /takes a second object of the same name/);
});

describe('a destination on OSS', () => {
  let double: OssDouble;
  let address: MediumAddress;
  beforeAll(async () => {
    double = new OssDouble();
    await double.listen();
    double.bucket('vault');
    address = ossAddress(double, 'oss://vault', 'address');
  });
  afterAll(() => double?.kill());
  afterEach(() => {
    double.clockOffsetMs = 0;
    double.faults.length = 0;
  });

  isTaken(() => address, true);

  const versioned = (versioning: 'Enabled' | 'Suspended') => () => {
    double.bucket(versioning.toLowerCase()).versioning = versioning;
    return { ...address, path: `oss://${versioning.toLowerCase()}` };
  };
  isTaken(versioned('Enabled'), true);
  isTakenWithWarning('a bucket whose versions are suspended', versioned('Suspended'), 'more', /is suspended/);
  const silent = (asked: 'versioning' | 'versions') => () => {
    const on = ({ query }: OssCall) => query.has(asked);
    double.fail({ kind: 'refuse', status: 403, code: 'AccessDenied', on, times: 1_000 });
    return versioned('Enabled')();
  };
  isTakenWithWarning('a bucket that hides its versions', silent('versions'), 'hidden', /may not be listed/);
  isTakenWithWarning('a bucket that hides its versioning', silent('versioning'), 'secret', /may not be asked/);

  eachHasItsCode(
    storeRefusals({
      scheme: 'oss',
      address: () => address,
      skewed() {
        double.clockOffsetMs = 1_200_000;
        return address;
      },
    }),
  );
});

describe('a destination on COS', () => {
  let double: CosDouble;
  let address: MediumAddress;
  beforeAll(async () => {
    double = await CosDouble.start();
    const { path, ...rest } = cosAddress(double, '');
    address = { ...rest, path: path.replace(/\/$/, '') };
  });
  afterAll(() => double?.stop());
  afterEach(() => {
    double.skewMs = 0;
    double.store.suspended = false;
  });

  isTaken(() => address, true);
  const suspended = () => {
    double.store.suspended = true;
    return address;
  };
  isTakenWithWarning('a bucket whose versions are suspended', suspended, 'more', /is suspended/);
  eachHasItsCode([
    ['another appid', () => ({ ...address, options: { appid: '1259999999' } }), [-9011, -9120], /^no container at/],
    ...storeRefusals({
      scheme: 'cos',
      address: () => address,
      skewed() {
        double.skewMs = 1_200_000;
        return address;
      },
    }),
  ]);
});

describe.skipIf(sftpRefusal() !== null)('a destination on SFTP', () => {
  let sshd: Sshd;
  let address: MediumAddress;
  beforeAll(async () => {
    sshd = await startSshd();
    address = sshd.address(sshd.directory);
  });
  afterAll(() => sshd?.end());
  const other = `SHA256:${'A'.repeat(43)}`;

  isTaken(() => address, false);

  test('has no tags', async () => {
    expect((await setEverywhere(address, 'dest', 'delete_mode=tagging')).codes).toEqual([-9026, -9026]);
  });

  eachHasItsCode([
    ['another host key', () => ({ ...address, options: { ...address.options, host_key: other } }), [-9071, -9116]],
    [
      'a wrong password',
      () => ({ ...withKey(address, 'wrong pässword'), options: { host_key: sshd.fingerprint } }),
      [-9071, -9116],
    ],
    ['a closed port', () => ({ ...address, path: address.path.replace(`:${sshd.port}/`, `:${closedPort}/`) }), [-9070]],
  ]);
});

describe.skipIf(cifsRefusal() !== null)('a destination on a share', () => {
  let smbd: Smbd;
  let address: MediumAddress;
  beforeAll(async () => {
    smbd = await startSmbd();
    address = smbd.address('');
  });
  afterAll(() => smbd?.end());

  isTaken(() => address, false);

  eachHasItsCode([
    ['a wrong password', () => withKey(address, 'wrong'), [-9071, -9116]],
    ['a missing share', () => smbd.address('', 'nowhere'), [-9011, -9120]],
    ['a share that is read only', () => smbd.address('', 'readonly'), [-9071, -9116]],
    ['a closed port', () => ({ ...address, path: address.path.replace(`:${smbd.port}/`, `:${closedPort}/`) }), [-9070]],
  ]);
});

describe('a destination on HDFS', () => {
  let double: HdfsDouble;
  let address: MediumAddress;
  beforeAll(async () => {
    double = await HdfsDouble.start();
    address = hdfsAddress(double, 'user/backup');
  });
  afterAll(() => double?.stop());
  beforeEach(() => {
    double.active = 1;
  });

  test('is taken when it is right, by user and by token', async () => {
    expect(await setEverywhere(address)).toEqual({ codes: [0, 0], hints: [] });
    const token = { ...address, authorization: { accessId: '', accessKey: double.token } };
    expect(await setEverywhere(token, 'token/dest')).toEqual({ codes: [0, 0], hints: [] });
  });

  eachHasItsCode([
    ['a wrong token', () => ({ ...address, authorization: { accessId: '', accessKey: 'd3Jvbmc' } }), [-9071, -9116]],
    ['no NameNode at all', () => ({ ...address, options: { namenode: `127.0.0.1:${closedPort}` } }), [-9070]],
    ['standbys only', () => standbys(), [-9070]],
  ]);

  test('is given other keys only as SET would take them', async () => {
    await setEverywhere(address, 'keys/dest');
    // The earlier release has no such statement.
    const change = (keys: string) =>
      harnesses[1]!.say(
        `ALTER SYSTEM CHANGE EXTERNAL_STORAGE_DEST PATH = '${address.path}/keys/dest1' SET ACCESS_INFO = '${keys}'`,
        'shop',
      );
    await expect(change('user=jane doe&delegation_token=x')).rejects.toMatchObject({
      code: -4002,
      message: 'Incorrect arguments to user',
    });
    for (const user of ['jane', 'backup']) await change(`user=${user}&delegation_token=${double.token}`);
  });

  function standbys(): MediumAddress {
    double.active = -1;
    return address;
  }
});
