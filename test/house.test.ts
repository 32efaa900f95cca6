import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';

const source = resolve(import.meta.dirname, '../src');

/** The floors of src/README.md: who may import whom. */
const floors: Record<string, readonly string[]> = {
  base: [],
  value: ['base'],
  wire: ['base', 'value'],
  sql: ['base', 'value'],
  catalog: ['base', 'value', 'sql', 'policy'],
  media: ['base'],
  destination: ['base', 'media'],
  tenants: ['base', 'value', 'sql'],
  copy: ['base', 'media', 'tenants'],
  policy: ['base'],
  jobs: ['base', 'value', 'catalog', 'media', 'destination', 'tenants', 'copy', 'policy'],
  statements: ['base', 'value', 'sql', 'catalog', 'media', 'destination', 'tenants', 'copy', 'policy', 'jobs'],
  session: ['base', 'value', 'sql', 'catalog', 'destination', 'tenants', 'policy', 'jobs', 'statements'],
};

function files(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) =>
    entry.isDirectory()
      ? files(join(folder, entry.name))
      : entry.name.endsWith('.ts')
        ? [join(folder, entry.name)]
        : [],
  );
}

describe('the house', () => {
  for (const path of files(source)) {
    const name = relative(source, path);
    const floor = name.includes('/') ? name.split('/')[0]! : null;
    if (floor === null) continue;
    test(`${name} imports only from floors below`, () => {
      const allowed = floors[floor];
      expect(allowed, `folder ${floor} is not in the table`).toBeDefined();
      for (const [, target] of readFileSync(path, 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)) {
        const hit = relative(source, resolve(path, '..', target!));
        if (hit.startsWith('..')) continue;
        const other = hit.split('/')[0]!;
        expect(other === floor || allowed!.includes(other), `${name} imports ${hit}`).toBe(true);
      }
    });
  }

  test('no folder of left-overs', () => {
    for (const path of files(source))
      expect(relative(source, path)).not.toMatch(/(utils?|helpers?|common|misc)(\/|\.ts)/);
  });
});
