import { createHash } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import ssh2 from 'ssh2';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { openSftpMedium } from '../../src/media/sftp-medium.ts';
import { handClock, until } from './hand-clock.ts';
import { expectKind } from './medium-conformance.ts';

/** A server that lets everybody in, answers keepalives, and says nothing to who asks for SFTP. */
let server: ssh2.Server;
let address: MediumAddress;
const open = new Set<object>();
let asked = 0;

beforeEach(async () => {
  asked = 0;
  const { private: hostKey, public: shown } = ssh2.utils.generateKeyPairSync('ed25519');
  const parsed = ssh2.utils.parseKey(shown);
  if (parsed instanceof Error) throw parsed;
  server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
    open.add(client);
    client.on('close', () => open.delete(client));
    client.on('error', () => undefined);
    client.on('authentication', (login) => login.accept());
    client.on('session', (accept) => {
      accept().on('subsystem', () => {
        asked += 1;
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const fingerprint = createHash('sha256').update(parsed.getPublicSSH()).digest('base64').replace(/=+$/, '');
  address = {
    scheme: 'sftp',
    path: `sftp://u@127.0.0.1:${port}/dest`,
    host: '',
    authorization: { accessId: 'u', accessKey: 'p' },
    options: { host_key: `SHA256:${fingerprint}` },
  };
});
afterEach(() => new Promise((resolve) => server.close(resolve)));

test('a server that never opens SFTP is left in time, asked anew, and left when the medium is closed', async () => {
  const { clock, pass } = handClock();
  const medium = openSftpMedium(address, clock);
  const first = expectKind(medium.list(''), 'timeout');
  await until(() => asked === 1);
  pass();
  await first;
  const second = expectKind(medium.list(''), 'cancelled');
  await until(() => asked === 2);
  await until(() => open.size === 1);
  await medium.close();
  await second;
  await until(() => open.size === 0);
});

test('a medium that is closed while its first call connects leaves no connection', async () => {
  const medium = openSftpMedium(address, handClock().clock);
  const call = expectKind(medium.list(''), 'cancelled');
  await medium.close();
  await call;
  expect(open.size).toBe(0);
  expect(asked).toBe(0);
});
