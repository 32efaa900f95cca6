import { afterAll, beforeAll, expect, test } from 'vitest';
import { openHdfsMedium } from '../../src/media/hdfs-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { hdfsAddress } from './servers/hdfs.ts';
import { HdfsDouble } from './servers/hdfs-double.ts';
import { TlsRelays } from './servers/tls-relay.ts';

let double: HdfsDouble;
let relays: TlsRelays;
let namenode: string;
let dataNode: string;
beforeAll(async () => {
  double = await HdfsDouble.start();
  relays = new TlsRelays();
  namenode = `127.0.0.1:${await relays.before(double.portOf(0))},127.0.0.1:${await relays.before(double.portOf(1))}`;
  dataNode = `https://127.0.0.1:${await relays.before(double.portOf(2))}`;
});
afterAll(async () => {
  relays.end();
  await double.stop();
});

function open(more: Readonly<Record<string, string>>) {
  return openHdfsMedium({ ...hdfsAddress(double, 'backup'), options: { namenode, tls: 'true', ...more } });
}

test('TLS is spoken to NameNodes and DataNodes', async () => {
  double.dataNode = dataNode;
  double.active = 1;
  const medium = open({ ca_file: relays.caFile });
  await medium.putSmall('a', Buffer.from('x'), 'create');
  expect(Buffer.from(await medium.read('a')).toString()).toBe('x');
  await medium.close();
});

test('a DataNode without TLS gets nothing', async () => {
  double.dataNode = null;
  const medium = open({ ca_file: relays.caFile });
  await expectKind(medium.putSmall('b', Buffer.from('x'), 'create'), 'denied');
  await expectKind(medium.read('a'), 'denied');
  expect(await medium.head('b')).toBeNull();
  await medium.close();
});

test('a certificate nobody vouches for is denied before anything is sent, and so is a file that is missing', async () => {
  const seen = double.seen.length;
  for (const more of [{}, { ca_file: `${relays.caFile}.none` }]) {
    const medium = open(more);
    await expectKind(medium.list(''), 'denied');
    await medium.close();
  }
  expect(double.seen.length).toBe(seen);
});

test('a path is taken as the file system takes it', async () => {
  double.dataNode = null;
  const at = (path: string) => openHdfsMedium({ ...hdfsAddress(double, ''), path });
  for (const path of ['hdfs://nameservice/a/../b', 'hdfs://nameservice/.'])
    expect(() => at(path)).toThrow(expect.objectContaining({ kind: 'invalidKey' }));
  const medium = at('hdfs://nameservice/some//where/');
  await medium.putSmall('a b'.replace(' ', '+'), Buffer.from('x'), 'create');
  expect(double.tree.nodes.has('/some/where/a+b')).toBe(true);
  expect((await medium.list('')).map(({ name }) => name)).toEqual(['a+b']);
  await medium.close();
});
