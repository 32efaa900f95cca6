import {
  append,
  createOnly,
  largeObject,
  no,
  ok,
  type ProbeFound,
  type ProbePlace,
  replace,
  same,
  small,
} from './probe-objects.ts';

export interface ProbeStep {
  readonly property: string;
  /** What the property promises when it is OK. */
  readonly about: string;
  /** Properties without which this one cannot be tried. */
  readonly needs: readonly string[];
  run(place: ProbePlace): Promise<ProbeFound>;
}

/** Entries of the root that are looked at; somebody else's bucket may have millions. */
export const rootEntriesMax = 10_000;
/** How long an object may take to show in a listing, and how often it is looked for. */
const freshWaitMs = 5_000;
const freshPauseMs = 50;
/** A clock further off makes signatures fail soon (stores allow 15 minutes) and times of files misleading now. */
const clockToleranceMs = 60_000;

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
