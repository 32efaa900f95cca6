import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

/**
 * Loads every module of the sources once, so that Node's compile cache holds them: the thousands of threads the tests start
 * then find their code without types, instead of each stripping them anew in a WebAssembly instance of its own.
 */
const root = join(import.meta.dirname, '..');
for (const name of globSync('{src,views}/**/*.ts', { cwd: root })) {
  const path = join(root, name);
  // What a thread begins with runs there only.
  if (/\b(parentPort|workerData)\b/.test(readFileSync(path, 'utf8'))) continue;
  await import(pathToFileURL(path).href);
}
