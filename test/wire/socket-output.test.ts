import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { connect as connectTls, createSecureContext } from 'node:tls';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SocketOutput } from '../../src/wire/socket-output.ts';
import { upgradeToTls } from '../../src/wire/tls-upgrade.ts';
import { selfSigned } from './certificate.ts';

const timeoutMs = 1_000;
/** More than both kernels hold back together. */
const sizeBytes = 32_000_000;

let listener: Server;
let client: Socket;
let raw: Socket;
let output: SocketOutput;

beforeEach(async () => {
  listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
});
afterEach(async () => {
  vi.useRealTimers();
  client.destroy();
  raw.destroy();
  await new Promise((resolve) => listener.close(resolve));
});

/** An output to a client that reads when it is told to. */
async function opened(tls: boolean): Promise<void> {
  const { port } = listener.address() as { port: number };
  const begun = connect({ port, host: '127.0.0.1' });
  [raw] = (await once(listener, 'connection')) as [Socket];
  output = new SocketOutput(raw);
  output.writeTimeoutMs = timeoutMs;
  let secure: Socket = raw;
  client = begun;
  if (tls) {
    const clientEnd = connectTls({ socket: begun, rejectUnauthorized: false });
    await once(raw, 'readable');
    secure = upgradeToTls(raw, raw.read() as Buffer, createSecureContext(selfSigned()));
    await once(clientEnd, 'secureConnect');
    output.attach(secure);
    client = clientEnd;
  }
  secure.on('error', () => undefined);
  secure.on('drain', () => output.drained());
  raw.on('close', () => output.closed());
  client.pause();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const waiting = () => (raw as unknown as { _handle: { writeQueueSize: number } | null })._handle?.writeQueueSize ?? 0;

/** The time a client has, over; what it brings about is done. */
async function timePasses(): Promise<void> {
  vi.advanceTimersByTime(timeoutMs);
  for (let i = 0; i < 5; i++) await turn();
}

for (const tls of [false, true])
  test(`a client that takes a part of it each time gets all of it${tls ? ', through TLS too' : ''}`, async () => {
    await opened(tls);
    let taken = 0;
    client.on('data', (chunk: Buffer) => {
      taken += chunk.length;
    });
    client.pause();
    let done = false;
    const sent = output.send(Buffer.alloc(sizeBytes))!.then(() => {
      done = true;
    });
    let times = 0;
    for (; !done; times++) {
      const before = waiting();
      client.resume();
      while (!done && waiting() === before) await turn();
      client.pause();
      await timePasses();
      expect(output.gone).toBe(false);
    }
    await sent;
    client.resume();
    while (taken < sizeBytes) await turn();
    expect(taken).toBe(sizeBytes);
    // Without parts there would be nothing to see.
    expect(times).toBeGreaterThan(1);
  });

test('a client that stops half-way is turned out', async () => {
  await opened(false);
  const sent = output.send(Buffer.alloc(sizeBytes))!.catch((error: unknown) => error);
  const before = waiting();
  client.resume();
  while (waiting() === before) await turn();
  client.pause();
  await timePasses();
  expect(output.gone).toBe(false);
  while (!output.gone) await timePasses();
  expect(await sent).toMatchObject({ name: 'ConnectionClosed' });
});
