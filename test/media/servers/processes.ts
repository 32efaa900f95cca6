import { type ChildProcess, spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';

/** A port of the loopback interface nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/** A process and everything it started that still hangs on it, the newest last. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const parent = parentOf(Number(name));
    if (parent !== null) children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
  }
  const all = [pid];
  for (let i = 0; i < all.length; i++) all.push(...(children.get(all[i]!) ?? []));
  return all;
}

/** Sends a signal to each process that is still there. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
    }
  }
}

/** Resolves when none of the processes is there any more; what a dead one leaves to be collected does not count. */
export async function allGone(pids: readonly number[]): Promise<void> {
  const alive = (pid: number) => {
    try {
      return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
    } catch {
      return false;
    }
  };
  while (pids.some(alive)) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** A server with its helpers and the processes of its connections. */
export interface Killable {
  processes(): number[];
  /** kill -9 of all of them. */
  kill(): void;
  /** Listens again, at the same place with the same keys. */
  restart(): Promise<void>;
  end(): Promise<void>;
}

/** Starts a server that can be killed as a whole; `launch` resolves when it listens. */
export async function killable(launch: () => Promise<ChildProcess>): Promise<Killable> {
  let listener = await launch();
  let killed: readonly number[] = [];
  const processes = () => processTree(listener.pid!);
  const kill = () => {
    killed = [...killed, ...processes()];
    signalAll(killed, 'SIGKILL');
  };
  const end = async () => {
    kill();
    await allGone(killed);
    killed = [];
  };
  return {
    processes,
    kill,
    end,
    async restart() {
      await end();
      listener = await launch();
    },
  };
}

/** Resolves when a child has said something on its standard error, rejects when it ended before. */
export function saidOnStderr(child: ChildProcess, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (data: Buffer) => {
      said = (said + data.toString()).slice(-10_000);
      if (said.includes(text)) resolve();
    });
    child.on('exit', () => reject(new Error(`it ended at once: ${said}`)));
    child.on('error', reject);
  });
}

/** Names of the programs that are not there. */
export function missingPrograms(names: readonly string[]): string[] {
  return names.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
}

function parentOf(pid: number): number | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  } catch {
    return null;
  }
}

/** Resolves when a port takes connections, rejects when the process that should serve it has ended. */
export async function answers(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('the server ended at once');
    const open = await new Promise<boolean>((resolve) => {
      const socket = createConnection(port, '127.0.0.1', () => resolve(true));
      socket.on('connect', () => socket.destroy());
      socket.on('error', () => resolve(false));
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
