import { randomBytes } from 'node:crypto';
import { type Clock, systemClock } from '../base/clock.ts';
import { type Medium, MediumError } from './medium.ts';
import type { ProbeFound, ProbePlace } from './probe-objects.ts';
import { probeSteps, rootEntriesMax } from './probe-steps.ts';

/** One property of a medium as the probe met it, not as the medium claims it. */
export interface ProbeRow {
  readonly property: string;
  /**
   * `OK`: it held. `NO`: it does not hold, or the medium has no such thing. `UNKNOWN`: the medium does not tell. `FAILED`: the
   * attempt ended with `error`. `SKIPPED`: something it rests on had failed, or the time was up.
   */
  readonly result: 'OK' | 'NO' | 'UNKNOWN' | 'FAILED' | 'SKIPPED';
  /** What was seen, for people; without secrets as far as the medium keeps its promise. */
  readonly detail: string;
  /** Microseconds the attempt took; null when it was skipped. */
  readonly latencyUs: number | null;
  readonly error: MediumError | null;
}

export interface ProbeOptions {
  readonly clock?: Clock;
  readonly signal?: AbortSignal;
}

/** How long all attempts together may take; the one in the air is then given up. */
export const probeDeadlineMs = 60_000;

/** Directory of one probe in the root of the destination: `obvault_probe_<microseconds>_<random>`. */
const probeName = /^obvault_probe_(\d{1,17})_[0-9a-f]{8}$/;

/** A probe's directory that is older was left by a server that died in it. */
const leftOverMs = 3_600_000;

/**
 * Tries every property that matters later, in a directory of its own, and removes what it wrote. Never throws for what a medium
 * does: that is a row. Objects of others are not touched.
 */
export async function probeMedium(medium: Medium, options: ProbeOptions = {}): Promise<readonly ProbeRow[]> {
  const { clock = systemClock, signal } = options;
  const over = new AbortController();
  const done = new AbortController();
  clock.sleep(probeDeadlineMs, done.signal).then(
    () => over.abort(),
    () => undefined,
  );
  const directory = `obvault_probe_${clock.nowUs()}_${randomBytes(4).toString('hex')}`;
  const written = new Set<string>();
  const keyOf = (name: string) => {
    const key = `${directory}/${name}`;
    written.add(key);
    return key;
  };
  const stop = signal ? AbortSignal.any([over.signal, signal]) : over.signal;
  const place: ProbePlace = { medium, clock, directory, keyOf, signal: stop };
  const rows: ProbeRow[] = [];
  try {
    for (const { property, needs, run } of probeSteps) {
      const missing = needs.find((name) => rows.some((row) => row.property === name && row.result !== 'OK'));
      if (missing !== undefined || stop.aborted)
        rows.push(skipped(property, stop.aborted ? 'the time was up' : `needs ${missing}`));
      else rows.push(await attempt(property, () => inTime(run(place), stop)));
    }
  } finally {
    done.abort();
  }
  const cleaning: ProbePlace = signal ? { ...place, signal } : { medium, clock, directory, keyOf };
  const reachable = rows.some((row) => row.result === 'OK' && row.property !== 'FREE SPACE');
  rows.push(
    reachable
      ? await attempt(cleanUp, () => tidy(cleaning, [...written]))
      : skipped(cleanUp, 'nothing could be written'),
  );
  return rows;
}

const cleanUp = 'CLEAN UP';

/** The properties of a probe, in the order of its rows. */
export const probeProperties: readonly { readonly property: string; readonly about: string }[] = Object.freeze([
  ...probeSteps.map(({ property, about }) => ({ property, about })),
  { property: cleanUp, about: 'nothing of the probe is left' },
]);

async function attempt(property: string, run: () => Promise<ProbeFound>): Promise<ProbeRow> {
  const fromNs = process.hrtime.bigint();
  const latencyUs = () => Number((process.hrtime.bigint() - fromNs) / 1_000n);
  try {
    const { result, detail } = await run();
    return { property, result, detail, latencyUs: latencyUs(), error: null };
  } catch (error) {
    if (!(error instanceof MediumError)) throw error;
    // A medium that has no such thing says so; whatever else it says is trouble.
    const result = error.kind === 'unsupported' ? 'NO' : 'FAILED';
    return { property, result, detail: error.message, latencyUs: latencyUs(), error };
  }
}

function skipped(property: string, detail: string): ProbeRow {
  return { property, result: 'SKIPPED', detail, latencyUs: null, error: null };
}

/** Does not wait for a call that is deaf to its signal. */
function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new MediumError('timeout', '', `no answer within ${probeDeadlineMs} ms`));
    if (signal.aborted) late();
    signal.addEventListener('abort', late, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', late));
  });
}

/** Removes what this probe wrote, and what probes of dead servers left; then looks whether it has gone. */
async function tidy({ medium, clock, directory, signal }: ProbePlace, written: readonly string[]): Promise<ProbeFound> {
  await medium.remove(written, signal);
  const left = await medium.list(directory, signal);
  if (left.length > 0) return { result: 'NO', detail: `${left.length} objects are left in ${directory}` };
  await medium.removeDirectory(directory, signal);
  const old: string[] = [];
  let seen = 0;
  for await (const page of medium.listPages('', signal)) {
    for (const { name, kind } of page) {
      const atUs = probeName.exec(name)?.[1];
      if (kind !== 'directory' || atUs === undefined) continue;
      if (name === directory) return { result: 'NO', detail: `${directory} is left, empty` };
      if (clock.nowUs() - Number(atUs) > leftOverMs * 1_000) old.push(name);
    }
    seen += page.length;
    if (seen > rootEntriesMax) break;
  }
  for (const name of old) {
    const left = await medium.list(name, signal);
    await medium.remove(
      left.map((entry) => `${name}/${entry.name}`),
      signal,
    );
    await medium.removeDirectory(name, signal);
  }
  const also = old.length === 0 ? '' : `; ${old.length} left by former probes removed as well`;
  return { result: 'OK', detail: `${written.length} objects removed${also}` };
}
