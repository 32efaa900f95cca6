import type { Clock } from '../base/clock.ts';
import { type Medium, MediumError } from './medium.ts';

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

export interface ProbeStep {
  readonly property: string;
  /** What the property promises when it is OK. */
  readonly about: string;
  /** Properties without which this one cannot be tried. */
  readonly needs: readonly string[];
  run(place: ProbePlace): Promise<ProbeFound>;
}

const small = Buffer.from('obvault probe, first content');
const other = Buffer.from('obvault probe, other content');
/** Entries of the root that are looked at; somebody else's bucket may have millions. */
export const rootEntriesMax = 10_000;
/** Bytes of the large object. */
const largeBytes = 1_048_576;
/** How long an object may take to show in a listing, and how often it is looked for. */
const freshWaitMs = 5_000;
const freshPauseMs = 50;
/** A clock further off makes signatures fail soon (stores allow 15 minutes) and times of files misleading now. */
const clockToleranceMs = 60_000;

const ok = (detail: string): ProbeFound => ({ result: 'OK', detail });
const no = (detail: string): ProbeFound => ({ result: 'NO', detail });

async function refused(work: Promise<void>): Promise<boolean> {
  try {
    await work;
    return false;
  } catch (error) {
    if (error instanceof MediumError && error.kind === 'alreadyExists') return true;
    throw error;
  }
}

const same = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

async function lists({ medium, directory, signal }: ProbePlace, key: string): Promise<boolean> {
  const name = key.slice(directory.length + 1);
  return (await medium.list(directory, signal)).some((entry) => entry.name === name);
}

async function listFreshness(place: ProbePlace): Promise<ProbeFound> {
  const { medium, clock, signal } = place;
  const key = place.keyOf('fresh');
  await medium.putSmall(key, small, 'create', signal);
  const fromUs = clock.nowUs();
  if (await lists(place, key)) return ok('listed at once');
  while (clock.nowUs() - fromUs < freshWaitMs * 1_000) {
    await clock.sleep(freshPauseMs);
    if (await lists(place, key)) return no(`listed after ${Math.round((clock.nowUs() - fromUs) / 1_000)} ms`);
  }
  return no(`not listed after ${freshWaitMs} ms`);
}

async function createOnly(place: ProbePlace): Promise<ProbeFound> {
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
  return ok('a second one is refused, 1 of 4 writers of one name won');
}

function isAlreadyThere(error: unknown): boolean {
  return error instanceof MediumError && error.kind === 'alreadyExists';
}

async function replace(place: ProbePlace): Promise<ProbeFound> {
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

async function largeObject(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('large');
  const content = Buffer.alloc(largeBytes);
  for (let at = 0; at < content.length; at += 4) content.writeUInt32LE(at, at);
  const sink = await medium.createObject(key, signal);
  try {
    await sink.writeAt(0, content.subarray(0, largeBytes / 2));
    await sink.writeAt(largeBytes / 2, content.subarray(largeBytes / 2));
    if ((await medium.head(key, signal)) !== null) {
      await sink.abort();
      return no('visible before it was published');
    }
  } catch (error) {
    await sink.abort().catch(() => undefined);
    throw error;
  }
  await sink.publish(content.length);
  if (!same(await medium.read(key, undefined, undefined, signal), content)) return no('read back differently');
  const dropped = place.keyOf('dropped');
  const given = await medium.createObject(dropped, signal);
  await given.writeAt(0, small);
  await given.abort();
  if ((await medium.head(dropped, signal)) !== null) return no('visible although it was given up');
  return ok(`${largeBytes} bytes, visible when published only, nothing of one that was given up`);
}

async function append(place: ProbePlace): Promise<ProbeFound> {
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

async function tagging(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('tagged');
  await medium.putSmall(key, small, 'create', signal);
  await medium.tag([key], { delete_mode: 'tagging' }, signal);
  const value = (await medium.tagsOf(key, signal))['delete_mode'];
  if (value !== 'tagging') return no('the tag did not come back');
  return same(await medium.read(key, undefined, undefined, signal), small)
    ? ok('the tag comes back, the object stays')
    : no('the object changed with its tag');
}

async function remove(place: ProbePlace): Promise<ProbeFound> {
  const { medium, signal } = place;
  const key = place.keyOf('removed');
  await medium.putSmall(key, small, 'create', signal);
  await medium.remove([key], signal);
  if ((await medium.head(key, signal)) !== null) return no('still there');
  if (await lists(place, key)) return no('still listed');
  await medium.remove([key], signal);
  return ok('gone and no longer listed; a second time is no error');
}

async function clockDifference({ medium, clock, keyOf, signal }: ProbePlace): Promise<ProbeFound> {
  const told = (await medium.status(signal)).clockOffsetMs;
  const fromMs = clock.nowUs() / 1_000;
  const key = keyOf('dated');
  await medium.putSmall(key, small, 'create', signal);
  const toMs = clock.nowUs() / 1_000;
  const modifiedMs = (await medium.head(key, signal))?.modifiedMs ?? 0;
  if (told === null && modifiedMs === 0) return { result: 'UNKNOWN', detail: 'the medium does not tell' };
  // Times of objects are whole seconds on most media.
  const byObject =
    modifiedMs < fromMs - 1_000 ? modifiedMs - fromMs : modifiedMs > toMs + 1_000 ? modifiedMs - toMs : 0;
  const offMs = told ?? byObject;
  const seconds = `${offMs > 0 ? '+' : ''}${(offMs / 1_000).toFixed(1)} s`;
  const detail = `${seconds} by ${told === null ? 'the time of an object' : 'the clock of the server'}`;
  return Math.abs(offMs) > clockToleranceMs ? no(detail) : ok(detail);
}

async function freeSpace({ medium, signal }: ProbePlace): Promise<ProbeFound> {
  const { freeBytes } = await medium.status(signal);
  if (freeBytes === null) return { result: 'UNKNOWN', detail: 'the medium does not tell' };
  return freeBytes === 0n ? no('0 bytes') : ok(`${freeBytes} bytes`);
}

async function latency({ medium, keyOf, signal }: ProbePlace): Promise<ProbeFound> {
  const key = keyOf('written');
  const times: number[] = [];
  for (let i = 0; i < 9; i++) {
    const fromNs = process.hrtime.bigint();
    await medium.head(key, signal);
    times.push(Number((process.hrtime.bigint() - fromNs) / 1_000n) / 1_000);
  }
  times.sort((a, b) => a - b);
  return ok(`9 looks at one object: median ${times[4]?.toFixed(1)} ms, longest ${times[8]?.toFixed(1)} ms`);
}

/** What is tried, in order. */
export const probeSteps: readonly ProbeStep[] = [
  {
    property: 'LIST',
    about: 'the destination can be reached and listed',
    needs: [],
    async run({ medium, signal }) {
      let entries = 0;
      for await (const page of medium.listPages('', signal)) {
        entries += page.length;
        if (entries > rootEntriesMax) return ok(`more than ${rootEntriesMax} entries in the root`);
      }
      return ok(`${entries} entries in the root`);
    },
  },
  {
    property: 'WRITE',
    about: 'a small object can be written',
    needs: ['LIST'],
    async run({ medium, keyOf, signal }) {
      await medium.putSmall(keyOf('written'), small, 'create', signal);
      return ok(`${small.length} bytes`);
    },
  },
  {
    property: 'READ BACK',
    about: 'what was written comes back at once, in whole and in part',
    needs: ['WRITE'],
    async run({ medium, keyOf, signal }) {
      const key = keyOf('written');
      const whole = await medium.read(key, undefined, undefined, signal);
      const part = await medium.read(key, 3, 5, signal);
      const size = (await medium.head(key, signal))?.sizeBytes;
      if (!same(whole, small) || !same(part, small.subarray(3, 8)) || size !== small.length)
        return no('came back differently');
      return ok('the same bytes, whole and in part');
    },
  },
  {
    property: 'LIST FRESHNESS',
    about: 'an object is listed as soon as it is written',
    needs: ['WRITE'],
    run: listFreshness,
  },
  {
    property: 'CREATE ONLY',
    about: 'of several writers of one name exactly one wins',
    needs: ['READ BACK'],
    run: createOnly,
  },
  {
    property: 'REPLACE',
    about: 'a reader sees the old content or the new, never nothing',
    needs: ['READ BACK'],
    run: replace,
  },
  {
    property: 'LARGE OBJECT',
    about: 'in parts, visible when it is complete only',
    needs: ['READ BACK'],
    run: largeObject,
  },
  {
    property: 'APPEND',
    about: 'records are added to an object and readable at once',
    needs: ['READ BACK'],
    run: append,
  },
  {
    property: 'TAGGING',
    about: 'objects can be tagged, as delete_mode=tagging needs it',
    needs: ['READ BACK'],
    run: tagging,
  },
  { property: 'DELETE', about: 'objects can be removed, also twice', needs: ['WRITE'], run: remove },
  {
    property: 'CLOCK DIFFERENCE',
    about: 'its clock agrees with the server within a minute',
    needs: ['WRITE'],
    run: clockDifference,
  },
  { property: 'FREE SPACE', about: 'it tells how much more it takes', needs: ['LIST'], run: freeSpace },
  { property: 'LATENCY', about: 'how long it takes to look at an object', needs: ['WRITE'], run: latency },
];
