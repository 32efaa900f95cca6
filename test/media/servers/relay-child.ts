import { type ChildProcess, fork } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';

/** Where a connection stops: nothing passes any more once so many bytes have, one way. */
export interface RelayHold {
  /** Index of the target. */
  readonly target: number;
  readonly way: 'up' | 'down';
  readonly afterBytes: number;
}

/**
 * A process in front of servers of this one, through which all their connections go. Killed, it takes them with it as the servers
 * themselves would, and what the servers hold can be looked at afterwards.
 */
export interface RelayChild {
  /** One for each target. */
  readonly ports: readonly number[];
  /** Resolves when the hold has caught a connection. */
  hold(hold: RelayHold): Promise<void>;
  /** kill -9. */
  kill(): Promise<void>;
}

type Message = { readonly ports: readonly number[] } | 'held' | 'ready';

/** `ports` are taken again by the successor of one that was killed. */
export async function startRelayChild(targets: readonly number[], ports?: readonly number[]): Promise<RelayChild> {
  const child = fork(fileURLToPath(import.meta.url), [
    JSON.stringify({ targets, ports: ports ?? targets.map(() => 0) }),
  ]);
  const listening = await messageOf(child, (message) => typeof message === 'object');
  return {
    ports: (listening as { readonly ports: readonly number[] }).ports,
    async hold(hold) {
      const held = messageOf(child, (message) => message === 'held');
      const ready = messageOf(child, (message) => message === 'ready');
      child.send(hold);
      await ready;
      await held;
    },
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    },
  };
}

function messageOf(child: ChildProcess, isIt: (message: Message) => boolean): Promise<Message> {
  return new Promise((resolve, reject) => {
    const take = (message: Message) => {
      if (!isIt(message)) return;
      child.off('message', take);
      resolve(message);
    };
    child.on('message', take);
    child.once('error', reject);
  });
}

let held: RelayHold | null = null;

function pass(from: Socket, to: Socket, target: number, way: RelayHold['way']): void {
  let passed = 0;
  from.on('data', (bytes: Buffer) => {
    passed += bytes.length;
    to.write(bytes);
    if (held?.target !== target || held.way !== way || passed < held.afterBytes) return;
    held = null;
    from.pause();
    process.send?.('held');
  });
  from.on('close', () => to.destroy());
  from.on('error', () => to.destroy());
}

if (process.send && process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = JSON.parse(process.argv[2] ?? '') as { readonly targets: number[]; readonly ports: number[] };
  const listening = asked.targets.map(async (port, target) => {
    const server = createServer((client) => {
      const onward = connect(port, '127.0.0.1');
      pass(client, onward, target, 'up');
      pass(onward, client, target, 'down');
    });
    await new Promise<void>((resolve) => server.listen(asked.ports[target], '127.0.0.1', resolve));
    const address = server.address();
    return typeof address === 'object' ? address?.port : 0;
  });
  process.on('message', (hold: RelayHold) => {
    held = hold;
    process.send?.('ready');
  });
  process.send({ ports: await Promise.all(listening) });
}
