import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { briskly, type ServerProcess, startServerProcess } from './server-process.ts';
import { heading, print } from './transcript.ts';

/** Where a runbook is performed. */
export interface RunbookPlace {
  readonly server: ServerProcess;
  readonly scratch: string;
}

/**
 * Performs runbooks against a new server and a scratch directory, over the real wire protocol, prints what a DBA would see
 * and ends the process: with code 1 at the first comparison that fails.
 */
export async function perform(...runbooks: readonly ((place: RunbookPlace) => Promise<void>)[]): Promise<never> {
  const scratch = mkdtempSync(join(tmpdir(), 'obvault-demo-'));
  let server: ServerProcess | null = null;
  try {
    heading('Start obvault on an empty data directory');
    server = await startServerProcess(join(scratch, 'first'), briskly);
    print(`ready on 127.0.0.1:${server.port}`);
    for (const runbook of runbooks) await runbook({ server, scratch });
    await server.stop();
    heading('Every comparison held');
    rmSync(scratch, { recursive: true, force: true });
  } catch (error) {
    print(
      `\nFAILED: ${(error as Error).message}\n${server?.errors() ?? ''}the scratch directory is left at ${scratch}`,
    );
    process.exit(1);
  }
  process.exit(0);
}
