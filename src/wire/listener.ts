import { createServer, type Server, type Socket } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { type Clock, systemClock } from '../base/clock.ts';
import { fault } from '../base/errors.ts';
import { type WireLimits, wireLimits } from '../base/limits.ts';
import type { Log } from '../base/log.ts';
import { utf8mb4 } from '../value/charset.ts';
import { writeError } from './answers.ts';
import type { ClientConnection, CommandHandler } from './command-handler.ts';
import { Connection } from './connection.ts';
import { SocketOutput } from './socket-output.ts';

export interface ListenOptions {
  readonly host: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Certificate and key in PEM; without them TLS is not offered. */
  readonly tls?: TlsFiles | null;
  /** Those that differ from `wireLimits`. */
  readonly limits?: Partial<WireLimits>;
  readonly log: Log;
  readonly clock?: Clock;
  createHandler(connection: ClientConnection): CommandHandler;
}

export interface TlsFiles {
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

export interface Listener {
  /** The port that was bound. */
  readonly port: number;
  /** Every connection by its thread id, from the greeting on. */
  readonly connections: ReadonlyMap<number, ClientConnection>;
  /** Offers TLS to the clients that come from now on, or stops offering it. Throws for a bad certificate. */
  setTls(tls: TlsFiles | null): void;
  /** Stops listening and turns everybody out; resolves when all sockets are closed. */
  close(): Promise<void>;
}

/** OceanBase's thread ids lie beyond 2^31; drivers must read them unsigned. */
const firstThreadId = 3_221_487_617;
const endThreadId = 2 ** 32;

/** Opens the port; rejects with the system's error when it is taken. */
export async function listen(options: ListenOptions): Promise<Listener> {
  const limits: WireLimits = { ...wireLimits, ...options.limits };
  const { log, clock = systemClock, createHandler } = options;
  const connections = new Map<number, Connection>();
  let secureContext = contextOf(options.tls ?? null);
  let nextThreadId = firstThreadId;

  const takeThreadId = (): number => {
    while (connections.has(nextThreadId)) nextThreadId = after(nextThreadId);
    const id = nextThreadId;
    nextThreadId = after(id);
    return id;
  };

  const admit = (socket: Socket): void => {
    if (connections.size >= limits.maxConnections) {
      log.warn('too many connections', { host: socket.remoteAddress, limit: limits.maxConnections });
      turnAway(socket);
      return;
    }
    const threadId = takeThreadId();
    socket.once('close', () => connections.delete(threadId));
    connections.set(
      threadId,
      new Connection({
        socket,
        threadId,
        secureContext,
        limits,
        clock,
        log,
        createHandler: (one) => createHandler(one),
      }),
    );
  };

  const server = createServer({ noDelay: true }, (socket) => {
    // A client may be gone before anybody listens for its errors.
    socket.on('error', () => undefined);
    admit(socket);
  });
  await bind(server, options);
  server.on('error', (error) => log.error('listener', { error }));
  return {
    port: portOf(server),
    connections,
    setTls(tls) {
      secureContext = contextOf(tls);
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const connection of connections.values()) connection.disconnect();
      }),
  };
}

function after(threadId: number): number {
  return threadId + 1 < endThreadId ? threadId + 1 : firstThreadId;
}

function contextOf(tls: TlsFiles | null): SecureContext | null {
  return tls === null ? null : createSecureContext({ cert: tls.cert, key: tls.key, minVersion: 'TLSv1.2' });
}

/** Error 1040 in place of a greeting. */
function turnAway(socket: Socket): void {
  const output = new SocketOutput(socket);
  output.packets.sequence = 0;
  writeError(output.packets, fault('ER_CON_COUNT'), utf8mb4);
  output.flush();
  socket.destroySoon();
}

function bind(server: Server, { host, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, backlog: 1024 }, () => {
      server.removeListener('error', reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}
