import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { splitStatements } from '../../src/sql/scan.ts';

const folder = join(import.meta.dirname, 'corpus');

/** Every statement of the corpus files, with the file it came from. */
export const corpus: readonly { readonly file: string; readonly text: string }[] = readdirSync(folder)
  .filter((file) => file.endsWith('.sql'))
  .flatMap((file) => splitStatements(readFileSync(join(folder, file), 'utf8')).map(({ text }) => ({ file, text })));
