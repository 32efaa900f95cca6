import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../../src/base/clock.ts';
import { openFileMedium } from '../../src/media/file-medium.ts';
import { type Medium, MediumError, type MediumErrorKind } from '../../src/media/medium.ts';
import { probeDeadlineMs, probeMedium, probeProperties } from '../../src/media/probe.ts';
import { promised, promisesOf } from '../../src/media/promises.ts';
import { withFault } from '../../src/media/wrap/fault.ts';
import { openBelow } from './descriptors.ts';
import { type Scratch, scratchDirectory } from './scratch.ts';
import type { MediumServer, MediumServerModule, MediumUnderTest } from './servers/fixture.ts';

const names = probeProperties.map(({ property }) => property);

async function found(medium: Medium, clock?: Clock): Promise<Readonly<Record<string, string>>> {
  const rows = await probeMedium(medium, clock ? { clock } : {});
  expect(rows.map((row) => row.property)).toEqual(names);
  for (const { result, latencyUs, error } of rows) {
    expect(latencyUs === null).toBe(result === 'SKIPPED');
    if (result === 'FAILED') expect(error).toBeInstanceOf(MediumError);
  }
  return Object.fromEntries(rows.map(({ property, result }) => [property, result]));
}

const folder = new URL('./servers/', import.meta.url);
const sources = new URL('../../src/media/', import.meta.url);
const schemes = readdirSync(sources)
  .flatMap((name) => /^([a-z0-9]+)-medium\.ts$/.exec(name)?.[1] ?? [])
  .filter((scheme) => existsSync(new URL(`${scheme}.ts`, folder)));

for (const scheme of schemes) {
  const module = (await import(new URL(`${scheme}.ts`, folder).href)) as MediumServerModule;
  const refusal = (await module.refusal?.()) ?? null;
  if (refusal !== null) console.warn(`the probe of ${scheme} is skipped: ${refusal}`);
  describe.skipIf(refusal !== null)(`the probe of ${scheme}`, () => {
    let server: MediumServer;
    let under: MediumUnderTest;
    beforeAll(async () => {
      server = await module.start();
    });
    afterAll(() => server?.end());
    beforeEach(async () => {
      under = await server.openRoot();
    });
    afterEach(() => under?.dispose());

    test('finds what the medium says of itself, and leaves nothing', async () => {
      const { medium } = under;
      const results = await found(medium);
      if (under.address === undefined) throw new Error('the fixture names no address');
      const promises = promisesOf(under.address);
      const expected = Object.fromEntries(names.map((name) => [name, promised(promises, name).result]));
      // A replacement that is not atomic may pass unseen.
      if (expected['REPLACE'] === 'NO') expected['REPLACE'] = results['REPLACE'] === 'OK' ? 'OK' : 'NO';
      expect(results).toEqual(expected);
      expect(await under.reopen().list('')).toEqual([]);
      expect((await under.leftovers?.()) ?? 0).toBe(0);
    });

    test('touches nothing of others', async () => {
      const { medium } = under;
      await medium.putSmall('format.obbak', Buffer.from('x'), 'create');
      await medium.putSmall('check_file/1002_connect_file.obbak', Buffer.from('y'), 'create');
      await found(medium);
      expect((await medium.list('')).map((entry) => entry.name).sort()).toEqual(['check_file', 'format.obbak']);
      expect(Buffer.from(await medium.read('check_file/1002_connect_file.obbak')).toString()).toBe('y');
    });
  });
}

describe('a medium that does not keep a promise is found out', () => {
  let scratch: Scratch;
  let root: string;
  let file: Medium;
  beforeEach(() => {
    scratch = scratchDirectory();
    root = join(scratch.path, 'data');
    file = openFileMedium(root);
  });
  afterEach(() => scratch.remove());
  const tagged: Medium['tagsOf'] = async () => ({ delete_mode: 'tagging' });

  const liars: readonly (readonly [string, string, (medium: Medium) => Partial<Medium>])[] = [
    ['CREATE ONLY', 'takes a second object', (m) => ({ putSmall: (k, b, _, s) => m.putSmall(k, b, 'replace', s) })],
    [
      'CREATE ONLY',
      'refuses, and takes it all the same',
      (m) => ({
        async putSmall(k, b, mode, s) {
          const there = mode === 'create' && (await m.head(k, s)) !== null;
          await m.putSmall(k, b, 'replace', s);
          if (there) throw new MediumError('alreadyExists', k, 'told so');
        },
      }),
    ],
    [
      'REPLACE',
      'removes before it writes',
      (m) => ({
        async putSmall(k, b, mode, s) {
          if (mode === 'replace') {
            await m.remove([k], s);
            await systemClock.sleep(3);
          }
          await m.putSmall(k, b, mode, s);
        },
      }),
    ],
    ['READ BACK', 'flips a bit', (m) => ({ read: async (...all) => (await m.read(...all)).with(0, 0) })],
    ['LIST FRESHNESS', 'does not list what is new', (m) => ({ list: async (p, s) => (p === '' ? m.list(p, s) : []) })],
    ['TAGGING', 'takes tags and forgets them', () => ({ tag: async () => {}, tagsOf: async () => ({}) })],
    ['DELETE', 'does not remove', () => ({ remove: async () => {} })],
    ['CLEAN UP', 'does not remove', () => ({ remove: async () => {} })],
    [
      'LARGE OBJECT',
      'shows what is not complete',
      (m) => ({
        async createObject(k, s) {
          await m.putSmall(k, Buffer.from('early'), 'replace', s);
          return m.createObject(k, s);
        },
      }),
    ],
    [
      'APPEND',
      'begins anew with each record',
      (m) => ({
        async openAppend(k, _, s) {
          await m.remove([k], s);
          return m.openAppend(k, 0, s);
        },
      }),
    ],
    [
      'CLOCK DIFFERENCE',
      'is 20 minutes ahead',
      (m) => ({
        async head(k, s) {
          const head = await m.head(k, s);
          return head && { ...head, modifiedMs: head.modifiedMs + 1_200_000 };
        },
        status: async () => ({ clockOffsetMs: null, freeBytes: 1n }),
      }),
    ],
    ['FREE SPACE', 'is full', () => ({ status: async () => ({ clockOffsetMs: 0, freeBytes: 0n }) })],
  ];

  test.each(liars)('%s: %s', async (property, _, lie) => {
    const clock: Clock =
      property === 'LIST FRESHNESS'
        ? {
            ...systemClock,
            nowUs: quick(),
            sleep: (ms) => (ms === probeDeadlineMs ? new Promise(() => {}) : Promise.resolve()),
          }
        : systemClock;
    const results = await found({ ...file, tag: async () => {}, tagsOf: tagged, ...lie(file) }, clock);
    expect(results[property]).toBe('NO');
  });

  /** A clock that is a tenth of a second further each time it is looked at. */
  function quick(): () => number {
    let nowUs = systemClock.nowUs();
    return () => (nowUs += 100_000);
  }

  test('what cannot be reached is told once, the rest is skipped', async () => {
    for (const kind of ['denied', 'network', 'noContainer', 'clockSkew'] as const) {
      const unreachable: Medium = {
        ...withFault(file, { at: 1, kind, lasting: true }),
        // biome-ignore lint/correctness/useYield: it ends before its first page
        async *listPages() {
          throw new MediumError(kind, '', 'not reached');
        },
      };
      const rows = await probeMedium(unreachable);
      expect(rows.map((row) => row.result)).toEqual(names.map((_, i) => (i === 0 ? 'FAILED' : 'SKIPPED')));
      expect(rows[0]?.error?.kind).toBe(kind);
    }
  });

  test('whatever fails, a row says so and nothing is left but what could not be removed', async () => {
    const objects = ['createObject', 'openAppend', 'append', 'writeAt', 'publish'] as const;
    const only = ['putSmall', 'head', 'list', 'remove', ...objects] as const;
    const plain = withFault(file, { at: 0, kind: 'io' });
    expect((await probeMedium(plain)).at(-1)?.result).toBe('OK');
    const count = plain.trace.filter((step) => only.some((name) => step.startsWith(`${name} `))).length;
    expect(count).toBeGreaterThan(30);
    for (let at = 1; at <= count; at += 2) {
      const kind: MediumErrorKind = at % 4 === 1 ? 'io' : 'denied';
      const rows = await probeMedium(withFault(file, { at, kind, only }));
      expect([at, rows.some((row) => row.result === 'FAILED')]).toEqual([at, true]);
      expect([at, openBelow(scratch.path)]).toEqual([at, []]);
      if ((await file.list('')).length > 0) expect([at, rows.at(-1)?.result]).not.toEqual([at, 'OK']);
      await emptied(file);
    }
  });

  async function emptied(medium: Medium): Promise<void> {
    for (const { name } of await medium.list('')) {
      const inside = await medium.list(name);
      await medium.remove(inside.map((entry) => `${name}/${entry.name}`));
      await medium.removeDirectory(name);
    }
  }

  test('a call that hangs ends at the deadline, and what was written goes', async () => {
    let giveUp = () => {};
    const clock: Clock = {
      ...systemClock,
      sleep: (ms, signal) =>
        ms === probeDeadlineMs ? new Promise<void>((resolve) => (giveUp = resolve)) : systemClock.sleep(ms, signal),
    };
    const hanging: Medium = {
      ...file,
      createObject: () => {
        giveUp();
        return new Promise(() => {});
      },
    };
    const results = await found(hanging, clock);
    expect(results).toMatchObject({
      'CREATE ONLY': 'OK',
      'LARGE OBJECT': 'FAILED',
      APPEND: 'SKIPPED',
      'CLEAN UP': 'OK',
    });
    expect(await file.list('')).toEqual([]);
  });

  test('what a server that died in a probe left is removed by the next one, what is young is not', async () => {
    const nowUs = systemClock.nowUs();
    for (const [ageMs, kept] of [
      [7_200_000, 'old'],
      [60_000, 'young'],
    ] as const) {
      const directory = join(root, `obvault_probe_${nowUs - ageMs * 1_000}_0123abcd`);
      mkdirSync(directory, { recursive: true });
      writeFileSync(join(directory, kept), 'x');
    }
    expect((await found(file))['CLEAN UP']).toBe('OK');
    const left = readdirSync(root, { recursive: true, encoding: 'utf8' });
    expect(left.map((name) => name.split('/')[1]).filter((name) => name !== undefined)).toEqual(['young']);
  });
});
