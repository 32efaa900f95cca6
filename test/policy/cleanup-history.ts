import fc from 'fast-check';
import type { CleanupPiece, CleanupSet } from '../../src/policy/cleanup.ts';
import { planRestore } from '../../src/policy/restore-plan.ts';

export const dayUs = 86_400_000_000;
const usOf = (day: number) => Math.round(day * dayUs);
export const scnOfDay = (day: number) => BigInt(usOf(day)) * 1000n;

/** Sets and pieces of a tenant as days went by. */
export interface History {
  readonly sets: readonly CleanupSet[];
  readonly pieces: readonly CleanupPiece[];
  readonly nowUs: number;
  readonly dataDestId: number;
  readonly archiveDestId: number;
}

/** A set that began a little before `day` and ended on it. */
export function setOfDay(id: number, day: number, more: Partial<CleanupSet> = {}): CleanupSet {
  return {
    id,
    destId: 1001,
    type: 'FULL',
    status: 'SUCCESS',
    fileStatus: 'AVAILABLE',
    startReplayScn: scnOfDay(day - 0.02),
    minRestoreScn: scnOfDay(day - 0.02),
    prevFullId: 0,
    prevIncId: 0,
    passwordDigest: '',
    plusArchivelog: false,
    complete: true,
    endUs: usOf(day),
    ...more,
  };
}

/** Pieces of a day each from `first` on; the last one reaches `checkpointDay` and is frozen unless the round goes on. */
export function round(
  first: number,
  checkpointDay: number,
  more: {
    readonly roundId?: number;
    readonly firstId?: number;
    readonly destId?: number;
    readonly stopped?: boolean;
  } = {},
): CleanupPiece[] {
  const { roundId = 1, firstId = 1, destId = 1002, stopped = false } = more;
  const count = Math.max(1, Math.ceil(checkpointDay - first));
  return Array.from({ length: count }, (_, i) => {
    const last = i === count - 1;
    return {
      destId,
      roundId,
      pieceId: firstId + i,
      startScn: scnOfDay(first + i),
      endScn: scnOfDay(first + i + 1),
      checkpointScn: last ? scnOfDay(checkpointDay) : scnOfDay(first + i + 1),
      fileStatus: 'AVAILABLE' as const,
      status: last && !stopped ? ('ACTIVE' as const) : ('FROZEN' as const),
    };
  });
}

const running = { status: 'DOING', fileStatus: 'COPYING', endUs: null, complete: false } as const;

const kinds = {
  plain: (): Partial<CleanupSet> => ({}),
  withLog: (endDay: number): Partial<CleanupSet> => ({ plusArchivelog: true, minRestoreScn: scnOfDay(endDay - 0.02) }),
  running: (): Partial<CleanupSet> => running,
};

/** The sets once those that are being made have come to their end. */
export function finished(sets: readonly CleanupSet[]): readonly CleanupSet[] {
  return sets.map((set) =>
    set.status === 'DOING' ? { ...set, status: 'SUCCESS', fileStatus: 'AVAILABLE', complete: true } : set,
  );
}

type Event =
  | { readonly what: 'full' | 'inc' | 'failed' | 'running' | 'fullWithLog' | 'incOvertaken' }
  | { readonly what: 'fullOvertaken'; readonly second: 'plain' | 'withLog' | 'running' }
  | { readonly what: 'break' | 'expire' | 'unfinishedDeletion'; readonly which: number }
  | { readonly what: 'newRound' | 'newArchive' | 'newData' };

const events: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Event>({ what: 'full' }, { what: 'inc' }) },
  { weight: 2, arbitrary: fc.constantFrom<Event>({ what: 'failed' }, { what: 'fullWithLog' }, { what: 'running' }) },
  {
    weight: 1,
    arbitrary: fc.oneof(
      fc.constant<Event>({ what: 'incOvertaken' }),
      fc.record({
        what: fc.constant('fullOvertaken' as const),
        second: fc.constantFrom('plain' as const, 'withLog' as const, 'running' as const),
      }),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constantFrom('break' as const, 'expire' as const, 'unfinishedDeletion' as const),
      which: fc.nat(30),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Event>({ what: 'newRound' }, { what: 'newArchive' }, { what: 'newData' }),
  },
);

/** Days with backups of every kind, some of them two at once, broken sets, rounds with holes between them, changed destinations. */
export const histories: fc.Arbitrary<History> = fc
  .array(fc.record({ event: events, pause: fc.integer({ min: 1, max: 5 }) }), { minLength: 1, maxLength: 25 })
  .map((steps) => {
    let sets: CleanupSet[] = [];
    const pieces: CleanupPiece[] = [];
    let day = 10;
    let roundId = 1;
    let from = 10;
    let dataDestId = 1001;
    let archiveDestId = 1002;
    const usable = () =>
      sets.filter((set) => set.destId === dataDestId && set.status === 'SUCCESS' && set.fileStatus === 'AVAILABLE');
    const closeRound = (stopped: boolean) => {
      const firstId = (pieces.at(-1)?.pieceId ?? 0) + 1;
      pieces.push(...round(from, day + 0.3, { roundId, firstId, destId: archiveDestId, stopped }));
    };
    for (const { event, pause } of steps) {
      day += pause;
      const id = sets.length + 1;
      const made = (more: Partial<CleanupSet>) => sets.push(setOfDay(id, day, { destId: dataDestId, ...more }));
      const change = (which: number, more: Partial<CleanupSet>) => {
        sets = sets.map((set, i) => (i === which % sets.length ? { ...set, ...more } : set));
      };
      const base = usable().at(-1);
      const onBase = (): Partial<CleanupSet> =>
        base === undefined
          ? {}
          : { type: 'INC', prevIncId: base.id, prevFullId: base.type === 'FULL' ? base.id : base.prevFullId };
      switch (event.what) {
        case 'full':
          made({});
          break;
        case 'fullWithLog':
          made({ plusArchivelog: true });
          break;
        case 'inc':
          made(onBase());
          break;
        case 'fullOvertaken':
        case 'incOvertaken': {
          // The first of two backups that ran at once begins again and holds a later moment than the second, which ends later.
          const former = event.what === 'incOvertaken' ? onBase() : {};
          const second = event.what === 'fullOvertaken' ? event.second : 'plain';
          sets.push(setOfDay(id, day + 2, { destId: dataDestId, ...former }));
          sets.push(setOfDay(id + 1, day, { destId: dataDestId, endUs: usOf(day + 3), ...kinds[second](day + 3) }));
          day += 3;
          break;
        }
        case 'failed':
          made({ status: 'FAILED', fileStatus: 'INCOMPLETE' });
          break;
        case 'running':
          if (base) made({ ...onBase(), ...running });
          break;
        case 'break':
          change(event.which, { fileStatus: 'BROKEN' });
          break;
        case 'expire':
          change(event.which, { fileStatus: 'EXPIRED' });
          break;
        case 'unfinishedDeletion':
          // The oldest ones are what a cleanup begins with.
          if (sets[0] && sets.some((set, i) => i > 0 && set.type === 'FULL' && set.fileStatus === 'AVAILABLE'))
            change(0, { fileStatus: 'DELETING' });
          break;
        default:
          closeRound(true);
          day += 1;
          roundId += 1;
          from = day;
          if (event.what === 'newArchive') archiveDestId = archiveDestId === 1002 ? 1003 : 1002;
          if (event.what === 'newData') dataDestId = dataDestId === 1001 ? 1004 : 1001;
      }
    }
    day += 1;
    closeRound(false);
    return { sets, pieces, nowUs: usOf(day), dataDestId, archiveDestId };
  });

/** True when some pair of paths restores to that moment. */
export function restorable(sets: readonly CleanupSet[], pieces: readonly CleanupPiece[], day: number): boolean {
  const untilScn = scnOfDay(day);
  const dataDests = [...new Set(sets.map((set) => set.destId))];
  const archiveDests = [null, ...new Set(pieces.map((piece) => piece.destId))];
  return dataDests.some((dataDestId) =>
    archiveDests.some(
      (archiveDestId) =>
        planRestore({
          sets: sets.filter((set) => set.destId === dataDestId),
          pieces: archiveDestId === null ? null : pieces,
          archiveDestId,
          untilScn,
          digests: [],
          mode: 'paths',
        }).kind === 'plan',
    ),
  );
}
