import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mediaTable } from './promises.ts';

/**
 * Writes the table of media into README.md, between its two markers.
 *
 *     node src/media/reference.ts [--check]
 */

const begins = '<!-- media: written by src/media/reference.ts -->';
const ends = '<!-- end of media -->';

/** The text with the table in its place; throws without the markers. */
export function withMediaTable(text: string): string {
  const [from, to] = [text.indexOf(begins), text.indexOf(ends)];
  if (from < 0 || to < from) throw new Error('README.md has no place for the table of media');
  return `${text.slice(0, from + begins.length)}\n${mediaTable()}\n${text.slice(to)}`;
}

if (process.argv[1] === import.meta.filename) {
  const path = join(import.meta.dirname, '../../README.md');
  const text = readFileSync(path, 'utf8');
  const wanted = withMediaTable(text);
  if (!process.argv.includes('--check')) writeFileSync(path, wanted);
  else if (wanted !== text) {
    process.stderr.write('README.md is out of date: node src/media/reference.ts\n');
    process.exitCode = 1;
  }
}
