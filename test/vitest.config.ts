import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './closing-line.ts';

// Every thread and child would otherwise strip the types of the sources anew, each in a WebAssembly instance of its own.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../node_modules/.cache/node');

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A second, the default, is little on a machine that has other work.
    expect: { poll: { timeout: 10_000 } },
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', new ClosingLine()],
    pool: 'forks',
    // As in src/bin/obvault.js, for what is not in the cache yet.
    execArgv: ['--no-wasm-tier-up', '--wasm-wrapper-tiering-budget=2147483647'],
    maxWorkers: 2,
  },
});
