import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openOssMedium } from '../../src/media/oss-medium.ts';
import { selfSigned } from '../wire/certificate.ts';
import { expectKind } from './medium-conformance.ts';
import { ossAddress } from './servers/oss.ts';
import { OssDouble } from './servers/oss-double.ts';

let double: OssDouble;
let relay: Server;
let directory: string;
beforeAll(async () => {
  double = new OssDouble();
  await double.listen();
  double.bucket('backups');
  const { key, cert } = selfSigned();
  directory = mkdtempSync(join(tmpdir(), 'obvault-oss-tls-'));
  writeFileSync(join(directory, 'ca.pem'), cert);
  relay = createServer({ key, cert }, (socket) => {
    const inner = connect(double.port, '127.0.0.1');
    inner.on('error', () => socket.destroy());
    socket.on('error', () => inner.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  relay.close();
  await double.kill();
  rmSync(directory, { recursive: true });
});

function open(scheme: string, options: Readonly<Record<string, string>>) {
  const { port } = relay.address() as AddressInfo;
  return openOssMedium({
    ...ossAddress(double, 'oss://backups/dest', 'address'),
    host: `${scheme}127.0.0.1:${port}`,
    options,
  });
}

test('https:// speaks TLS to a server whose certificate the CA file names', async () => {
  const medium = open('https://', { ca_file: join(directory, 'ca.pem') });
  await medium.putSmall('a', Buffer.from('x'), 'create');
  expect(Buffer.from(await medium.read('a')).toString()).toBe('x');
  await medium.close();
});

test('a certificate nobody vouches for is denied, by its name', async () => {
  const medium = open('https://', {});
  expect((await expectKind(medium.head('a'), 'denied')).message).toContain('SELF_SIGNED_CERT');
  await medium.close();
});

test('without a scheme nothing speaks TLS', async () => {
  const medium = open('', { ca_file: join(directory, 'ca.pem') });
  await expectKind(medium.head('a'), 'network');
  await medium.close();
});

test('a CA file that is missing is an error of the medium', async () => {
  const medium = open('https://', { ca_file: join(directory, 'none.pem') });
  await expectKind(medium.head('a'), 'network');
  await medium.close();
});
