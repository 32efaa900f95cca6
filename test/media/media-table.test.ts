import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { probeProperties } from '../../src/media/probe.ts';
import { everywhere, mediaPromises, mediaTable, promised } from '../../src/media/promises.ts';
import { withMediaTable } from '../../src/media/reference.ts';

const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');

test('README.md has the table of media as it is now: node src/media/reference.ts', () => {
  expect(withMediaTable(readme)).toBe(readme);
});

test('every medium of the folder has its row, and every property of the probe its place', () => {
  const schemes = readdirSync(new URL('../../src/media/', import.meta.url)).flatMap(
    (name) => /^([a-z0-9]+)-medium\.ts$/.exec(name)?.[1] ?? [],
  );
  const told = new Set(mediaPromises.map(({ address }) => String(address.scheme)));
  expect([...told].sort()).toEqual(schemes.filter((name) => name !== 'open').sort());
  const table = mediaTable();
  for (const { property } of probeProperties) expect(table).toContain(property);
  for (const property of everywhere) {
    expect(probeProperties.map((one) => one.property)).toContain(property);
    for (const medium of mediaPromises) expect(promised(medium, property).result).toBe('OK');
  }
});
