import { expect, test } from 'vitest';
import { expectKind } from './medium-conformance.ts';
import type { MediumUnderTest } from './servers/fixture.ts';

const bytes = (text: string) => Buffer.from(text);

/** Listing by page, tags, and what a medium says about itself. */
export function sideConformance(opened: () => MediumUnderTest): void {
  const medium = () => opened().medium;

  test('pages hold each entry once', async () => {
    const names = Array.from({ length: 40 }, (_, i) => `name.${i}`);
    await Promise.all(names.map((name) => medium().putSmall(`many/${name}`, bytes(name), 'create')));
    await medium().putSmall('many/deep/er', bytes('x'), 'create');
    await medium().putSmall('many/deep/est', bytes('x'), 'create');
    let pages = 0;
    const found: string[] = [];
    for await (const page of medium().listPages('many')) {
      pages += 1;
      found.push(...page.map((entry) => `${entry.kind} ${entry.name} ${entry.sizeBytes ?? ''}`.trim()));
    }
    const wanted = [...names.map((name) => `object ${name} ${name.length}`), 'directory deep'];
    expect(found.sort()).toEqual(wanted.sort());
    const { pageEntries } = opened();
    if (pageEntries !== undefined) expect(pages).toBeGreaterThanOrEqual(Math.floor(41 / pageEntries));
    expect((await medium().list('many')).map((entry) => entry.name)).toEqual([...names, 'deep'].sort());
  });

  test('pages may be left before the last', async () => {
    for (let i = 0; i < 20; i++) await medium().putSmall(`many/${i}`, bytes('x'), 'create');
    for await (const page of medium().listPages('many')) {
      expect(page.length).toBeGreaterThan(0);
      break;
    }
    expect(await medium().list('many')).toHaveLength(20);
    expect(await drained(medium().listPages('none'))).toEqual([]);
    await expectKind(drained(medium().listPages('many', AbortSignal.abort(new Error('gone')))), 'cancelled');
  });

  test('tags are set, replaced and read, or refused', async () => {
    await medium().putSmall('set/a', bytes('a'), 'create');
    const sink = await medium().createObject('set/b');
    await sink.writeAt(0, bytes('bb'));
    await sink.publish(2);
    const log = await medium().openAppend('set/log', 0);
    await log.append(bytes('one'));
    await log.append(bytes('two'));
    await log.close();
    const keys = ['set/a', 'set/b', 'set/log'];
    if (!medium().abilities.tagging) {
      await expectKind(medium().tag(keys, { delete_mode: 'tagging' }), 'unsupported');
      await expectKind(medium().tagsOf('set/a'), 'unsupported');
      return;
    }
    expect(await medium().tagsOf('set/a')).toEqual({});
    await medium().tag(keys, { delete_mode: 'tagging' });
    for (const key of keys) expect(await opened().reopen().tagsOf(key)).toEqual({ delete_mode: 'tagging' });
    await medium().tag(['set/a', 'set/missing'], { other: '1' });
    expect(await medium().tagsOf('set/a')).toEqual({ other: '1' });
    await expectKind(medium().tagsOf('set/missing'), 'notFound');
    expect(Buffer.from(await medium().read('set/log')).toString()).toBe('onetwo');
    expect((await medium().list('set')).map((entry) => entry.name)).toEqual(['a', 'b', 'log']);
  });

  test('what the medium says about itself is in its units', async () => {
    await medium().putSmall('a', bytes('x'), 'create');
    const { clockOffsetMs, freeBytes } = await medium().status();
    if (clockOffsetMs !== null) expect(Math.abs(clockOffsetMs)).toBeLessThan(5_000);
    if (freeBytes !== null) expect(freeBytes).toBeGreaterThan(0n);
    expect(typeof medium().abilities.tagging).toBe('boolean');
    expect(['native', 'parts']).toContain(medium().abilities.append);
  });

  test('where a replacement is atomic a reader always finds the object', async () => {
    if (!medium().abilities.atomicReplace) return;
    await medium().putSmall('a', bytes('0000'), 'create');
    let done = false;
    const reading = (async () => {
      while (!done) expect((await medium().read('a')).length).toBe(4);
    })();
    for (let i = 1; i <= 15; i++) await medium().putSmall('a', bytes(String(i).padStart(4, '0')), 'replace');
    done = true;
    await reading;
    expect(Buffer.from(await medium().read('a')).toString()).toBe('0015');
  });
}

async function drained(pages: AsyncIterable<readonly unknown[]>): Promise<readonly unknown[]> {
  const all: unknown[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
