import type { Clock } from '../base/clock.ts';
import { type Medium, MediumError, type ObjectSink } from './medium.ts';
import { publishObject } from './publish-object.ts';

/** Where a probe works. */
export interface ProbePlace {
  readonly medium: Medium;
  readonly clock: Clock;
  readonly directory: string;
  /** Key of an object of the probe; whatever was asked for is removed at the end. */
  keyOf(name: string): string;
  readonly signal?: AbortSignal;
}

/** What an attempt saw. */
export interface ProbeFound {
  readonly result: 'OK' | 'NO' | 'UNKNOWN';
  readonly detail: string;
}

export const small = Buffer.from('obvault probe, first content');
const other = Buffer.from('obvault probe, other content');
/** Bytes of the large object. */
const largeBytes = 1_048_576;

export const ok = (detail: string): ProbeFound => ({ result: 'OK', detail });
export const no = (detail: string): ProbeFound => ({ result: 'NO', detail });
export const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

async function refused(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'alreadyExists') return true;
    throw error;
  }
}

export async function createOnly(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('once');
  await medium.putSmall(key, small, 'create', signal);
  const second = await refused(medium.putSmall(key, other, 'create', signal));
  const kept = same(await medium.read(key, undefined, undefined, signal), small);
  if (!second || !kept) return no(second ? 'a refused second object was taken all the same' : 'a second one is taken');
  const race = place.keyOf('race');
  const racers = [0, 1, 2, 3].map((i) => medium.putSmall(race, Buffer.from(`racer ${i}`), 'create', signal));
  const ends = await Promise.allSettled(racers);
  const won = ends.flatMap((end, i) => (end.status === 'fulfilled' ? [i] : []));
  const trouble = ends.find((end) => end.status === 'rejected' && !isAlreadyThere(end.reason));
  if (trouble?.status === 'rejected') throw trouble.reason;
  const content = Buffer.from(await medium.read(race, undefined, undefined, signal)).toString();
  if (won.length !== 1 || content !== `racer ${won[0]}`) return no(`${won.length} of 4 writers of one name won`);
  const { createRace } = await medium.status(signal);
  if (createRace !== undefined)
    return no(`a second one is refused, but of two in the same moment both may win: ${createRace}`);
  return ok('a second one is refused, 1 of 4 writers of one name won');
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof MediumError && error.kind === 'alreadyExists';
}

export async function replace(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('replaced');
  await medium.putSmall(key, small, 'create', signal);
  let [looks, gaps, halves, busy] = [0, 0, 0, true];
  const look = async () => {
    while (busy) {
      try {
        const seen = await medium.read(key, undefined, undefined, signal);
        if (!same(seen, small) && !same(seen, other)) halves++;
      } catch (error) {
        if (!(error instanceof MediumError) || error.kind !== 'notFound') throw error;
        gaps++;
      }
      looks++;
    }
  };
  const looking = look();
  try {
    for (const content of [other, small, other, small, other])
      await Promise.race([medium.putSmall(key, content, 'replace', signal), looking]);
  } finally {
    busy = false;
    // What it threw has won the race already, or is of no interest beside the error that is on its way.
    await looking.catch(() => undefined);
  }
  if (!same(await medium.read(key, undefined, undefined, signal), other)) return no('the former content came back');
  if (gaps > 0 || halves > 0) return no(`of ${looks} looks ${gaps} found nothing and ${halves} something else`);
  return ok(`5 replacements, ${looks} looks saw one of both contents`);
}

export async function largeObject(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('large');
  const content = Buffer.alloc(largeBytes);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(at, at);
  let early = false;
  const write = async (sink: ObjectSink) => {
    await sink.writeAt(0, content.subarray(0, largeBytes / 2));
    await sink.writeAt(largeBytes / 2, content.subarray(largeBytes / 2));
    early = (await medium.head(key, signal)) !== null;
    return early ? null : content.length;
  };
  await publishObject(medium, key, write, signal);
  if (early) return no('visible before it was published');
  if (!same(await medium.read(key, undefined, undefined, signal), content)) return no('read back differently');
  const dropped = place.keyOf('dropped');
  await publishObject(medium, dropped, (sink) => sink.writeAt(0, small).then(() => null), signal);
  if ((await medium.head(dropped, signal)) !== null) return no('visible although it was given up');
  return ok(`${largeBytes} bytes, visible when published only, nothing of one that was given up`);
}

export async function append(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('appended');
  let sizeBytes = 0;
  for (const content of [small, other]) {
    const sink = await medium.openAppend(key, sizeBytes, signal);
    try {
      await sink.append(content);
    } finally {
      await sink.close();
    }
    sizeBytes += content.length;
    const head = await medium.head(key, signal);
    if (head?.sizeBytes !== sizeBytes) return no(`${head?.sizeBytes ?? 0} bytes after ${sizeBytes} were appended`);
  }
  const whole = Buffer.concat([small, other]);
  if (!same(await medium.read(key, undefined, undefined, signal), whole)) return no('read back differently');
  const way = medium.abilities.append === 'native' ? 'one object grows' : 'numbered parts, joined by the reader';
  return ok(`2 records, each readable at once (${way})`);
}
