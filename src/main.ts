import { ConfigError, readConfig, usage } from './config.ts';
import { spillDirectoryOf } from './spill-directory.ts';

/** Threads that files are read and written through. */
const fileThreads = 32;

/** Exit codes: 0 ended as asked, 1 could not start or ended by a fault, 2 bad command line or configuration. */
export async function main(args: readonly string[]): Promise<void> {
  // A call on a dead mount holds one of these threads until the mount comes back: of the usual four none would soon be left.
  process.env['UV_THREADPOOL_SIZE'] ??= String(fileThreads);
  process.on('uncaughtException', dieOf);
  try {
    const { config, help } = readConfig(args);
    if (help) {
      process.stdout.write(usage);
      return;
    }
    // SQLite looks for it once, when it is loaded.
    process.env['SQLITE_TMPDIR'] ??= spillDirectoryOf(config.dataDir);
    const { startServer } = await import('./server.ts');
    const server = await startServer(config);
    let stopping = false;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        if (stopping) return;
        stopping = true;
        server
          .stop()
          .then(endInOrder, (error: unknown) => fail(1, error instanceof Error ? error.message : String(error)));
      });
    }
    process.stdout.write(`obvault ${config.release.text} ready on ${config.host}:${server.port}\n`);
  } catch (error) {
    if (error instanceof ConfigError) return fail(2, error.message);
    fail(1, startFailure(error));
  }
}

/** One line that says why the server did not start. */
function startFailure(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') return `the port is in use: ${message}`;
  if (code === 'EACCES') return `permission denied: ${message}`;
  return error instanceof Error ? error.message : String(error);
}

/**
 * Everything is closed. While a call on a dead mount has not come back an exit would wait for its thread, perhaps for ever: then the
 * process ends itself with SIGKILL.
 */
async function endInOrder(): Promise<void> {
  const { callsCameBack } = await import('./media/open-medium.ts');
  if (await callsCameBack()) process.exit(0);
  process.stderr.write('obvault: stopped; a call on a destination hangs, so the process is killed\n');
  process.kill(process.pid, 'SIGKILL');
}

/**
 * A fault nobody caught ends the process as a crash does. An exit in order would close the tenants' connections in any order,
 * and the last of them would fold a log that is not archived yet.
 */
function dieOf(error: Error): void {
  process.stderr.write(`obvault: ${error.stack ?? error.message}\n`);
  process.kill(process.pid, 'SIGKILL');
}

function fail(code: number, text: string): void {
  process.stderr.write(`obvault: ${text.split('\n')[0]}\n`);
  process.exit(code);
}
