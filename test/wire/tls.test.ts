import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nativeResponse } from '../../src/wire/auth.ts';
import { capability } from '../../src/wire/protocol.ts';
import { selfSigned } from './certificate.ts';
import { clientFlags, frame, loginPayload, RawClient } from './raw-client.ts';
import { startToy, type ToyServer } from './toy-server.ts';

let toy: ToyServer;

beforeAll(async () => {
  toy = await startToy({ tls: selfSigned() });
});

afterAll(() => toy.listener.close());

const flags = (clientFlags | capability.SSL) >>> 0;

function sslRequest(): Buffer {
  const payload = Buffer.alloc(32);
  payload.writeUInt32LE(flags);
  payload[8] = 45;
  return frame(payload, 1);
}

async function saltOf(client: RawClient): Promise<Buffer> {
  const greeting = (await client.packet())!.payload;
  const at = greeting.indexOf(0) + 5;
  return Buffer.concat([greeting.subarray(at, at + 8), greeting.subarray(at + 27, at + 39)]);
}

/** A transport that sends `prefix` in the same write as the first bytes TLS has to say. */
function gluedTransport(client: RawClient, prefix: Buffer): Duplex {
  let first = prefix;
  const transport = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      client.socket.write(Buffer.concat([first, chunk]), () => done());
      first = Buffer.alloc(0);
    },
  });
  client.handOver((chunk) => transport.push(chunk));
  return transport;
}

describe('TLS', () => {
  test('a ClientHello glued to the SSLRequest is not lost', async () => {
    await using client = new RawClient(toy.port);
    const salt = await saltOf(client);
    const secure = connectTls({ socket: gluedTransport(client, sslRequest()), rejectUnauthorized: false });
    secure.write(frame(loginPayload('root', nativeResponse('secret', salt), { flags }), 2));
    const answer = await new Promise<Buffer>((resolve, reject) => {
      secure.once('data', resolve);
      secure.once('error', reject);
    });
    expect(answer.toString('hex')).toBe('0700000300000002000000');
    expect(toy.handlers.at(-1)!.connection.tls).toBe(true);
    const pong = new Promise<Buffer>((resolve) => secure.once('data', resolve));
    secure.write(frame('\x0e'));
    expect((await pong).toString('hex')).toBe('0700000100000002000000');
    secure.destroy();
  });

  test.each(['', '\x16\x03\x01\x02\x00garbage', 'GET / HTTP/1.1\r\n\r\n'])(
    'a client that does not mean it (%j) is dropped, the server goes on',
    async (noise) => {
      const client = new RawClient(toy.port);
      await client.packet();
      client.socket.write(Buffer.concat([sslRequest(), Buffer.from(noise, 'latin1')]));
      client.socket.end();
      await client.end();
      await expect.poll(() => toy.handlers.at(-1)!.closedTimes).toBe(1);
      await using other = new RawClient(toy.port);
      expect((await other.login()).payload[0]).toBe(0);
    },
  );

  test('is offered and taken back while the server runs', async () => {
    const offered = async () => {
      await using client = new RawClient(toy.port);
      const greeting = (await client.packet())!.payload;
      return (greeting.readUInt16LE(greeting.indexOf(0) + 14) & capability.SSL) !== 0;
    };
    expect(await offered()).toBe(true);
    toy.listener.setTls(null);
    expect(await offered()).toBe(false);
    toy.listener.setTls(selfSigned());
    expect(await offered()).toBe(true);
    expect(() => toy.listener.setTls({ cert: 'no', key: 'no' })).toThrow();
  });

  test('an SSLRequest where TLS is not offered is a bad handshake', async () => {
    await using plain = await startToy();
    await using client = new RawClient(plain.port);
    await client.packet();
    client.socket.write(sslRequest());
    expect((await client.packet())!.payload.readUInt16LE(1)).toBe(1043);
  });
});
