import type { CallMeter } from '../base/call-meter.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { abilitiesOf } from './abilities.ts';
import { openFileMedium } from './file-medium.ts';
import {
  callDeadlineMs,
  abandonedRemoteCallsMax as hangingMax,
  publishBytesPerMs,
  publishDeadlineMs,
  statementCallMs,
  statementPublishMs,
} from './limits.ts';
import type { Medium } from './medium.ts';
import { Pace } from './pace.ts';
import { PaceDebts } from './pace-debts.ts';
import { openInThread } from './thread/threaded-medium.ts';
import { AbandonedCalls } from './wrap/abandoned-calls.ts';
import type { AttemptAsk, Patience } from './wrap/attempts.ts';
import { type DeadlineOptions, withDeadlines } from './wrap/deadline.ts';
import { withMetrics } from './wrap/metrics.ts';
import { withRetries } from './wrap/retry.ts';
import { withThrottle } from './wrap/throttle.ts';

/** What a medium must know to be opened; a parsed destination is one. */
export interface MediumAddress {
  readonly scheme: Medium['scheme'];
  /** With its prefix, as typed: `oss://bucket/dir`, `sftp://user@host:port/dir` (`own-path.ts` reads the schemes that are ours). */
  readonly path: string;
  /** Value of `host=` of an object store (`endpoint.ts` reads it), `''` for all others. */
  readonly host: string;
  /**
   * Who speaks and the one secret of the destination. Object stores: access_id and access_key. sftp: the user of the path, and
   * the password (with `private_key`: what opens the key file, or `''`). cifs: user and password. hdfs: user and delegation token.
   * `byRole` (oss and s3): a role that is taken on, and its external id or `''`.
   */
  readonly authorization: { readonly accessId: string; readonly accessKey: string; readonly byRole?: boolean };
  /**
   * All other options, checked. Object stores: `delete_mode`, `appid`, `s3_region`, `checksum_type`, `addressing_model`,
   * `ca_file`, `sts_host`. sftp: `private_key`, `host_key`. cifs: `domain`, `mount`. hdfs: `namenode`, `gateway` (`webhdfs` or `httpfs`),
   * `tls` (`true`), `ca_file`.
   */
  readonly options: Readonly<Record<string, string>>;
  /** Operations and bytes a second, 0 for no limit; without a pace they hold for this opened medium alone. */
  readonly maxIops?: bigint;
  readonly maxBandwidth?: bigint;
  /** The pace shared by everybody who works on the destination; it wins over the limits. */
  readonly pace?: Pace;
  /** How long calls may take and how often they are tried; `job` when left out. */
  readonly patience?: Patience;
}

/**
 * Opens the medium of a destination: each attempt under a deadline and counted by `meter`, what passes tried again, all of it held
 * to the destination's pace. Nothing is read or written yet.
 *
 * Files are used as they are: their calls go to the system, which repeats what can be repeated, and their descriptors are handed
 * to threads; what is left of their faults is for the jobs, which begin again where their rows say. All others live in a media
 * thread; what they are made of is not loaded here.
 */
export function openMedium(address: MediumAddress, clock: Clock = systemClock, meter?: CallMeter): Medium {
  const { scheme, patience = 'job' } = address;
  const pace = address.pace ?? ownPace(address);
  const paced = pace === null ? address : { ...address, pace };
  const limits = { clock, abandoned: abandonedOf(address), ...deadlines[patience] };
  const limited =
    scheme === 'file'
      ? withDeadlines(openFileMedium(address.path.slice('file://'.length), clock), limits)
      : withDeadlines(openInThread(paced, abilitiesOf(address)), { ...limits, hangingMax, ...uploadsLate(address) });
  const counts = meter?.of(address);
  const counted = counts ? withMetrics(limited, counts, clock) : limited;
  const debts = new PaceDebts(pace, clock);
  const onRetry = ({ operation, operationCount = 1, byteCount = 0 }: AttemptAsk) => {
    counts?.retried(operation);
    debts.owe(operationCount, byteCount);
  };
  const steady = scheme === 'file' ? counted : withRetries(counted, { clock, patience, onRetry });
  return pace === null ? steady : withThrottle(steady, pace, clock, debts);
}

const deadlines: Readonly<Record<Patience, { readonly callMs: number; readonly publishMs: number }>> = {
  job: { callMs: callDeadlineMs, publishMs: publishDeadlineMs },
  statement: { callMs: statementCallMs, publishMs: statementPublishMs },
};

/** Through smbclient an object is uploaded when it is published. */
function uploadsLate({ scheme, options }: MediumAddress): DeadlineOptions {
  return scheme === 'cifs' && options['mount'] === undefined ? { publishBytesPerMs } : {};
}

function ownPace({ maxIops = 0n, maxBandwidth = 0n }: MediumAddress): Pace | null {
  if (maxIops === 0n && maxBandwidth === 0n) return null;
  const pace = new Pace();
  pace.set({ maxIops, maxBandwidth });
  return pace;
}

/**
 * Calls that hang, by root: a sick destination is counted over all media opened on it. What is counted lives as long as a medium
 * or a call that has not come back.
 */
const abandonedCalls = new Map<string, WeakRef<AbandonedCalls>>();

/** Roots remembered before those nobody uses are forgotten. */
const rememberedRoots = 1_000;

/**
 * Resolves when calls on files and mounts that were given up have come back, true, or are known to hang, false: a process with
 * such a call cannot exit in order, for it would wait for the thread.
 */
export async function callsCameBack(): Promise<boolean> {
  // All others wait for sockets, which an exit closes.
  const throughThreads = [...abandonedCalls].filter(([root]) => /^(file|cifs):/.test(root));
  const all = throughThreads.flatMap(([, known]) => known.deref() ?? []);
  await Promise.all(all.map((calls) => calls.judged()));
  return all.every(({ idle }) => idle);
}

function abandonedOf({ path, host }: MediumAddress): AbandonedCalls {
  const root = `${path}?${host}`;
  const known = abandonedCalls.get(root)?.deref();
  if (known) return known;
  if (abandonedCalls.size >= rememberedRoots) {
    for (const [name, calls] of abandonedCalls) if (!calls.deref()) abandonedCalls.delete(name);
  }
  const made = new AbandonedCalls();
  abandonedCalls.set(root, new WeakRef(made));
  return made;
}
