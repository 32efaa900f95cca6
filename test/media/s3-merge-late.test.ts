import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type AppendSink, MediumError } from '../../src/media/medium.ts';
import { parsePartName } from '../../src/media/s3/append-parts.ts';
import { coveredPartMs, mergedPartsMin } from '../../src/media/s3/limits.ts';
import { s3DoubleMedia } from './s3-double-media.ts';

const media = s3DoubleMedia((double) => {
  double.pageLimit = 25;
});

type Stored = ReturnType<typeof objects> extends Map<string, infer V> ? V : never;
const objects = () => media.double.bucket().objects;

/** Everything that writers have done to the parts of the object: what a slow store may still carry out, or once more. */
class Deeds {
  readonly #put = new Map<string, Stored>();
  readonly #removed = new Set<string>();

  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  look(): void {
    for (const name of this.#put.keys()) if (!objects().has(name)) this.#removed.add(name);
    for (const [name, object] of objects()) if (name.includes(this.#prefix)) this.#put.set(name, object);
  }

  /** The same again: a part is created where its name is free, merged over what stands there; a removal finds it or not. */
  repeat(at: number): void {
    const puts = [...this.#put];
    const removals = [...this.#removed];
    if (puts.length === 0) return;
    const chosen = at % (puts.length + removals.length);
    const put = puts[chosen];
    if (put === undefined) objects().delete(removals[chosen - puts.length]!);
    else if (parsePartName(put[0].slice(put[0].lastIndexOf('/') + 1))) objects().set(...put);
  }
}

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ deed: fc.constant('append' as const), count: fc.integer({ min: 1, max: 40 }) }) },
  { weight: 3, arbitrary: fc.record({ deed: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 90_000 }) }) },
  { weight: 2, arbitrary: fc.record({ deed: fc.constant('replace' as const), closes: fc.boolean() }) },
  { weight: 3, arbitrary: fc.record({ deed: fc.constant('late' as const), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ deed: fc.constant('former' as const), bytes: fc.integer({ min: 1, max: 99 }) }) },
);

test('writers replace each other, come back, and what they did is carried out once more later: no byte is lost or doubled', async () => {
  let [merged, runs] = [0, 0];
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 24 }), async (steps) => {
      // Of the one before something may still come.
      objects().clear();
      const key = `piece/log/${++runs}.obarc`;
      const deeds = new Deeds(key);
      let confirmed = Buffer.alloc(0);
      let sink: AppendSink = await media.open().openAppend(key, 0);
      const formers: AppendSink[] = [];
      let no = 0;
      const reader = media.open();
      const content = async () => Buffer.from(await reader.read(key, 0, confirmed.length));
      for (const one of steps) {
        if (one.deed === 'append')
          for (let i = 0; i < one.count; i++) {
            const bytes = Buffer.from(`<${no++}>`);
            await sink.append(bytes);
            confirmed = Buffer.concat([confirmed, bytes]);
            deeds.look();
          }
        else if (one.deed === 'wait') media.nowMs += one.ms;
        else if (one.deed === 'late') deeds.repeat(one.at);
        else if (one.deed === 'replace') {
          if (one.closes) await sink.close();
          else formers.push(sink);
          sink = await media.open().openAppend(key, confirmed.length);
        } else
          for (const former of formers.filter(({ sizeBytes }) => sizeBytes < confirmed.length)) {
            const refused = await former.append(Buffer.alloc(one.bytes, '!')).catch((error: unknown) => error);
            expect(refused).toBeInstanceOf(MediumError);
          }
        deeds.look();
        if (confirmed.length > 0) expect((await content()).toString()).toBe(confirmed.toString());
      }
      media.nowMs += 2 * coveredPartMs;
      await sink.close();
      for (const former of formers) await former.close();
      for (const name of objects().keys()) {
        const range = parsePartName(name.slice(name.lastIndexOf('/') + 1));
        if (range !== null && range.to - range.from >= 3 * mergedPartsMin) merged++;
      }
      await media.close();
    }),
    { numRuns: 6 },
  );
  expect(merged).toBeGreaterThan(0);
});
