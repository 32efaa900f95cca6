import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCosMedium } from '../../src/media/cos-medium.ts';
import { expectKind } from './medium-conformance.ts';
import { cosAddress } from './servers/cos.ts';
import { CosDouble } from './servers/cos-double.ts';
import { TlsRelays } from './servers/tls-relay.ts';

let double: CosDouble;
let relays: TlsRelays;
let port: number;
beforeAll(async () => {
  double = await CosDouble.start();
  relays = new TlsRelays();
  port = await relays.before(Number(double.host.split(':')[1]));
  // Requests come under the name and port of the relay.
  double.host = `127.0.0.1:${port}`;
});
afterAll(async () => {
  relays.end();
  await double.stop();
});

function open(scheme: string, more: Readonly<Record<string, string>>) {
  const address = cosAddress(double, 'backup');
  return openCosMedium({ ...address, host: `${scheme}127.0.0.1:${port}`, options: { ...address.options, ...more } });
}

test('https:// speaks TLS to a server whose certificate ca_file names', async () => {
  const medium = open('https://', { ca_file: relays.caFile });
  await medium.putSmall('a', Buffer.from('x'), 'create');
  expect(Buffer.from(await medium.read('a')).toString()).toBe('x');
  const sink = await medium.createObject('data');
  await sink.writeAt(0, Buffer.alloc(9 << 20, 1));
  await sink.publish(9 << 20);
  expect((await medium.head('data'))?.sizeBytes).toBe(9 << 20);
  await medium.close();
});

test('a certificate nobody vouches for is denied before anything is sent, and so is a file that is missing', async () => {
  const seen = double.seen.length;
  for (const more of [{}, { ca_file: `${relays.caFile}.none` }]) {
    const medium = open('https://', more);
    await expectKind(medium.putSmall('b', Buffer.from('x'), 'create'), 'denied');
    await expectKind(medium.head('a'), 'denied');
    await medium.close();
  }
  expect(double.seen.length).toBe(seen);
});

test('without https:// nothing speaks TLS', async () => {
  const medium = open('', { ca_file: relays.caFile });
  await expectKind(medium.head('a'), 'network');
  await medium.close();
});

test('a path with segments of dots is refused', () => {
  for (const path of ['cos://vault/a/../b', 'cos://vault/.'])
    expect(() => openCosMedium({ ...cosAddress(double, ''), path })).toThrow(
      expect.objectContaining({ kind: 'invalidKey' }),
    );
});
