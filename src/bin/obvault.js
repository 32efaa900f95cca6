#!/usr/bin/env node
// Plain JavaScript that any Node can read: it must decide before anything native is loaded, because the SQLite addon
// crashes the process on a Node older than 22 instead of raising an error.
import { spawn } from 'node:child_process';
import { createRequire } from 'node:module';

const neededMajor = 24;

if (Number(process.versions.node.split('.')[0]) >= neededMajor) {
  const { enableCompileCache } = await import('node:module');
  enableCompileCache?.();
  const { main } = await import('../main.js');
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

/** The Node the package carries for this platform, if it was installed with it. */
function carriedNode() {
  try {
    return createRequire(import.meta.url).resolve(`node-${process.platform}-${process.arch}/bin/node`);
  } catch {
    return undefined;
  }
}
