import { type Client, connect } from '../../examples/transcript.ts';
import { deeds } from './deeds.ts';
import type { Places } from './places.ts';
import type { Random } from './random.ts';
import { pause } from './waiting.ts';
import type { Moment } from './writer.ts';

/** What a run's disturbances work with. */
export interface Disturbance {
  readonly port: number;
  readonly random: Random;
  readonly places: Places;
  /** Moments restores may aim at. */
  readonly moments: readonly Moment[];
  /** A tenant that follows the log of `t`. */
  readonly standby: string;
  /** Tables that were asked back and not looked at yet, by the number in their names. */
  readonly recovering: Map<number, Moment>;
  readonly nextRestore: () => number;
  readonly count: Counts;
}

/** How often each disturbance was begun. */
export interface Counts {
  backups: number;
  restoresBegun: number;
  rotations: number;
  rounds: number;
  cancels: number;
  cleanUps: number;
  validates: number;
  standbyRolls: number;
  tablesBegun: number;
}

export function noCounts(): Counts {
  const begun = { backups: 0, restoresBegun: 0, rotations: 0, rounds: 0, cancels: 0 };
  return { ...begun, cleanUps: 0, validates: 0, standbyRolls: 0, tablesBegun: 0 };
}

/** Errors a statement may meet because of what else goes on. */
const expected: ReadonlySet<number> = new Set([1050, 1235, 4018, 4179, 9011, 9036, 9040, 9045, 9091, 9092]);

/** One disturbance after the other until the connection dies. */
export async function disturb(work: Disturbance): Promise<void> {
  try {
    const sys = await connect(work.port, 'root@sys');
    const app = await connect(work.port, 'root@t');
    for (;;) {
      await pause(work.random.below(120));
      const deed = deeds[work.random.below(deeds.length)]!;
      await deed(work, sys, app).catch((error: { errno?: number; sqlState?: string }) => {
        if (error.sqlState === undefined || !expected.has(error.errno ?? 0)) throw error;
      });
    }
  } catch (error) {
    if ((error as { sqlState?: unknown }).sqlState !== undefined) throw error;
  }
}

/** A pool of its own, and a restore into it; `until` is `TIME='…'` or `SCN=…`. */
export async function restore(
  sys: Client,
  paths: string,
  names: { readonly tenant: string; readonly pool: string },
  until: string,
): Promise<void> {
  await sys.quiet(`CREATE RESOURCE POOL ${names.pool} UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  const point = until === '' ? '' : `UNTIL ${until}`;
  await sys.quiet(`ALTER SYSTEM RESTORE ${names.tenant} FROM '${paths}' ${point} WITH 'pool_list=${names.pool}'`);
}
