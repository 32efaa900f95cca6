import { existsSync, readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openMedium } from '../../src/media/open-medium.ts';
import { mediumConformance } from './medium-conformance.ts';
import type { MediumServer, MediumServerModule, MediumUnderTest } from './servers/fixture.ts';

const sources = new URL('../../src/media/', import.meta.url);
const schemes = readdirSync(sources)
  .flatMap((name) => /^([a-z0-9]+)-medium\.ts$/.exec(name)?.[1] ?? [])
  .filter((name) => name !== 'open');

const fixtures = new URL('./servers/', import.meta.url);
const fixtureOf = (scheme: string) => new URL(`${scheme}.ts`, fixtures);

test.each(schemes)('the medium of %s has a server to be tested against', (scheme) => {
  expect(existsSync(fixtureOf(scheme)), `test/media/servers/${scheme}.ts`).toBe(true);
});

for (const scheme of schemes.filter((one) => existsSync(fixtureOf(one)))) {
  const module = (await import(fixtureOf(scheme).href)) as MediumServerModule;
  const refusal = (await module.refusal?.()) ?? null;
  if (refusal !== null) console.warn(`the tests of ${scheme} are skipped: ${refusal}`);
  describe.skipIf(refusal !== null)(scheme, () => {
    let server: MediumServer;
    beforeAll(async () => {
      server = await module.start();
    });
    afterAll(() => server?.end());
    mediumConformance(`${scheme}, bare,`, () => server.openRoot());
    mediumConformance(`${scheme} as it is opened`, async () => wrapped(await server.openRoot()));
  });
}

/** The same root through `openMedium`, with all wrappers and in the thread it is served from. */
function wrapped(under: MediumUnderTest): MediumUnderTest {
  const { address } = under;
  if (address === undefined) throw new Error('the fixture names no address');
  return { ...under, medium: openMedium(address), reopen: () => openMedium(address) };
}
