#!/usr/bin/env node
// Plain JavaScript that any Node can read: it must decide before anything native is loaded, because the SQLite addon
// crashes the process on a Node older than 22 instead of raising an error.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';

const neededMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  holdYoungGeneration();
  await keepCompiled();
  const sources = existsSync(new URL('../main.ts', import.meta.url));
  if (sources) await holdStripperStill();
  const { main } = await import(sources ? '../main.ts' : '../main.js');
  await main(process.argv.slice(2));
} else {
  const carried = carriedNode();
  if (carried === undefined) {
    process.stderr.write(`obvault needs Node ${neededMajor} or newer; this is ${process.version}\n`);
    process.exit(1);
  }
  const server = spawn(carried, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => server.kill(signal));
  server.on('exit', (code, signal) => process.exit(signal === null ? code : 1));
}

/**
 * V8 lets the young generation of the main thread grow to 48 MB, which a server that lives by short statements never gives back.
 * It can be told so only when the process begins: the process begins again, as the same one, with the same standard streams.
 */
function holdYoungGeneration() {
  const flag = '--max-semi-space-size=2';
  const { execArgv, execPath, execve, argv, env } = process;
  if (execve === undefined || execArgv.some((given) => given.startsWith('--max-semi-space-size'))) return;
  execve(execPath, [execPath, flag, ...execArgv, ...argv.slice(1)], env);
}

/**
 * What was compiled once starts in half the time and with less memory the next time. It is kept where only this user writes, not
 * in the temporary directory Node would take; the threads learn of it through the environment.
 */
async function keepCompiled() {
  const { enableCompileCache } = await import('node:module');
  process.env.NODE_COMPILE_CACHE ??= join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'obvault');
  enableCompileCache(process.env.NODE_COMPILE_CACHE);
}

/**
 * Node strips types with WebAssembly, an instance for each thread. V8 13.6 can crash the process when one thread replaces such code
 * by faster code while another one ends (nodejs/node#64500): nothing is replaced then. Compiled sources have no types to strip.
 */
async function holdStripperStill() {
  const { setFlagsFromString } = await import('node:v8');
  setFlagsFromString('--no-wasm-tier-up');
  setFlagsFromString('--wasm-wrapper-tiering-budget=2147483647');
}

/** The Node the package carries for this platform, if it was installed with it. */
function carriedNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return undefined;
  }
}
