import { join } from 'node:path';
import { defineConfig } from 'vitest/config';
import { ClosingLine } from './closing-line.ts';

// Every thread and child would otherwise strip the types of the sources anew, each in a WebAssembly instance of its own.
process.env['NODE_COMPILE_CACHE'] ??= join(import.meta.dirname, '../node_modules/.cache/node');

export default defineConfig({
  test: {
    root: new URL('..', import.meta.url).pathname,
    include: ['test/**/*.test.ts'],
    // Ten times what a test takes on a machine that does nothing else is still no fault of the product.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ['test/global-setup.ts'],
    reporters: ['default', new ClosingLine()],
    pool: 'forks',
    // As in src/bin/obvault.js, for what is not in the cache yet.
    execArgv: ['--no-wasm-tier-up', '--wasm-wrapper-tiering-budget=2147483647'],
    maxWorkers: 2,
  },
});
