import { readFile } from 'node:fs/promises';
import { createConnection } from 'node:net';
import type { ConnectConfig, SFTPWrapper } from 'ssh2';
import type { Clock } from '../../base/clock.ts';
import { checkSignal, errnoOf } from '../file-errors.ts';
import { MediumError } from '../medium.ts';
import type { SftpAddress } from './address.ts';
import { connectError } from './errors.ts';
import { hostCheck } from './host-check.ts';
import { connectTimeoutMs, idleMs, keepAliveMisses, keepAliveMs } from './limits.ts';
import { SftpSession } from './session.ts';

/** The one connection of a medium: opened by the first call, opened anew when it has died, closed when nobody uses it. */
export class SftpConnection {
  readonly address: SftpAddress;
  readonly clock: Clock;
  #session: SftpSession | null = null;
  #opening: Promise<SftpSession> | null = null;
  #idle: AbortController | null = null;
  readonly #closed = new AbortController();
  /** Handles that must outlive a pause: while there are any the connection is not idle. */
  held = 0;

  constructor(address: SftpAddress, clock: Clock) {
    this.address = address;
    this.clock = clock;
  }

  /** Extensions of the server as far as they are known: nothing before the first call. */
  get extensions(): ReadonlySet<string> {
    return this.#session?.extensions ?? new Set();
  }

  /** The living session. Throws what connecting comes to, `cancelled` when the caller has gone meanwhile. */
  async session(key: string, signal?: AbortSignal): Promise<SftpSession> {
    checkSignal(key, signal);
    this.#idle?.abort();
    if (this.#session && !this.#session.ended) return this.#session;
    if (this.#closed.signal.aborted) throw wasClosed(key);
    this.#opening ??= this.#open().finally(() => {
      this.#opening = null;
    });
    return untilAborted(this.#opening, key, signal);
  }

  close(): void {
    this.#closed.abort();
    this.#idle?.abort();
    this.#session?.end('the medium was closed');
  }

  async #open(): Promise<SftpSession> {
    const { signal } = this.#closed;
    const session = await connect(this.address, this.clock, signal, () => this.#rest());
    for (const name of ['fsync@openssh.com', 'hardlink@openssh.com'])
      if (!session.extensions.has(name)) {
        session.end('refused');
        throw new MediumError('unsupported', '', `the server has no ${name}: nothing can be published safely`);
      }
    if (signal.aborted) session.end('the medium was closed');
    this.#session = session;
    return session;
  }

  #rest(): void {
    if (this.held > 0 || this.#closed.signal.aborted || this.#session?.ended) return;
    this.#idle?.abort();
    const idle = new AbortController();
    this.#idle = idle;
    const end = () => {
      if (this.held === 0 && !this.#session?.busy) this.#session?.end('it was idle');
    };
    this.clock.sleep(idleMs, idle.signal).then(end, () => undefined);
  }
}

/** Connects, logs in and opens SFTP, all of it within `connectTimeoutMs` and until `closed` is fired. */
async function connect(
  address: SftpAddress,
  clock: Clock,
  closed: AbortSignal,
  onIdle: () => void,
): Promise<SftpSession> {
  const { host, port } = address;
  const check = hostCheck(address);
  const privateKey = await readKey(address.privateKeyPath);
  // Loaded by the first call only: a server without SFTP destinations never needs it.
  const { default: ssh2 } = await import('ssh2');
  if (closed.aborted) throw wasClosed('');
  const client = new ssh2.Client();
  const sock = createConnection({ host, port, noDelay: true });
  const settled = new AbortController();
  try {
    const sftp = await new Promise<SFTPWrapper>((resolve, reject) => {
      closed.addEventListener('abort', () => reject(wasClosed('')), { once: true, signal: settled.signal });
      const late = () => reject(new MediumError('timeout', '', `${host} did not open SFTP in time`));
      clock.sleep(connectTimeoutMs, settled.signal).then(late, () => undefined);
      client.on('ready', () => client.sftp((error, opened) => (error ? reject(error) : resolve(opened))));
      client.on('error', reject);
      client.on('close', () => reject(new Error('closed')));
      sock.on('error', reject);
      client.connect(loginOf(address, sock, privateKey, check));
    });
    return new SftpSession(client, sftp, onIdle);
  } catch (error) {
    client.destroy();
    sock.destroy();
    throw check.refusal() ?? connectError(host, error);
  } finally {
    settled.abort();
  }
}

function wasClosed(key: string): MediumError {
  return new MediumError('cancelled', key, 'the medium was closed');
}

function loginOf(
  address: SftpAddress,
  sock: NonNullable<ConnectConfig['sock']>,
  privateKey: Buffer | null,
  check: ReturnType<typeof hostCheck>,
): ConnectConfig {
  const { host, port, user, password, passphrase } = address;
  return {
    sock,
    host,
    port,
    username: user,
    ...(password === '' ? {} : { password }),
    ...(privateKey === null ? {} : { privateKey }),
    ...(passphrase === '' ? {} : { passphrase }),
    hostVerifier: (key: Buffer) => check.accepts(key),
    // It would end before SFTP is open; ours goes on to there.
    readyTimeout: 0,
    keepaliveInterval: keepAliveMs,
    keepaliveCountMax: keepAliveMisses,
  };
}

async function readKey(path: string): Promise<Buffer | null> {
  if (path === '') return null;
  try {
    return await readFile(path);
  } catch (error) {
    throw new MediumError('denied', '', `the file of private_key cannot be read: ${errnoOf(error)}`);
  }
}

async function untilAborted<T>(work: Promise<T>, key: string, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const abort = () => reject(new MediumError('cancelled', key, 'the caller gave up', signal.reason));
  signal.addEventListener('abort', abort, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}
