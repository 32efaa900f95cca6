import { type Client, connect } from '../../examples/transcript.ts';
import type { Random } from './random.ts';
import { pause } from './waiting.ts';
import type { Moment } from './writer.ts';

/** What a run's disturbances work with. */
export interface Disturbance {
  readonly port: number;
  readonly random: Random;
  readonly scratch: string;
  /** Moments restores may aim at. */
  readonly moments: readonly Moment[];
  readonly nextRestore: () => number;
  readonly count: Counts;
}

export interface Counts {
  backups: number;
  restoresBegun: number;
  rotations: number;
  rounds: number;
  cancels: number;
}

/** Errors a statement may meet because of what else goes on. */
const expected: ReadonlySet<number> = new Set([1235, 4018, 4179, 9011, 9036, 9040, 9091, 9092]);

/** Backups, restores, key rotations, rounds that stop and start, cancels, until the connection dies. */
export async function disturb(work: Disturbance): Promise<void> {
  const { random, count } = work;
  const deeds: readonly ((sys: Client, app: Client) => Promise<unknown>)[] = [
    ...Array<(sys: Client) => Promise<void>>(5).fill(async (sys) => {
      const kind = random.below(3) === 0 ? '' : 'INCREMENTAL ';
      const log = random.below(4) === 0 ? ' PLUS ARCHIVELOG' : '';
      await sys.quiet(`ALTER SYSTEM BACKUP ${kind}TENANT = t${log}`);
      count.backups++;
    }),
    ...Array<(sys: Client) => Promise<void>>(3).fill(async (sys) => {
      if (work.moments.length === 0) return;
      await restore(sys, work.scratch, work.nextRestore(), work.moments[random.below(work.moments.length)]!);
      count.restoresBegun++;
    }),
    async (_, app) => {
      await app.quiet('ALTER INSTANCE ROTATE INNODB MASTER KEY');
      count.rotations++;
    },
    async (sys) => {
      await sys.quiet('ALTER SYSTEM CANCEL BACKUP TENANT = t');
      count.cancels++;
    },
    async (sys) => {
      await sys.quiet('ALTER SYSTEM NOARCHIVELOG TENANT = t');
      await pause(random.below(400));
      await sys.quiet('ALTER SYSTEM ARCHIVELOG TENANT = t');
      count.rounds++;
    },
    async (sys) => {
      await sys.quiet("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'DEFER' TENANT = t");
      await pause(random.below(300));
      await sys.quiet("ALTER SYSTEM SET LOG_ARCHIVE_DEST_STATE = 'ENABLE' TENANT = t");
    },
  ];
  try {
    const sys = await connect(work.port, 'root@sys');
    const app = await connect(work.port, 'root@t');
    for (;;) {
      await pause(random.below(250));
      await deeds[random.below(deeds.length)]!(sys, app).catch((error: { errno?: number; sqlState?: string }) => {
        if (error.sqlState === undefined || !expected.has(error.errno ?? 0)) throw error;
      });
    }
  } catch (error) {
    if ((error as { sqlState?: unknown }).sqlState !== undefined) throw error;
  }
}

/** A pool of its own, and a restore into it. */
export async function restore(sys: Client, scratch: string, no: number, moment: Moment): Promise<void> {
  await sys.quiet(`CREATE RESOURCE POOL p${no} UNIT = 'u', UNIT_NUM = 1, ZONE_LIST = ('zone1')`);
  const paths = `file://${scratch}/data,file://${scratch}/archive`;
  await sys.quiet(`ALTER SYSTEM RESTORE r${no} FROM '${paths}' UNTIL TIME='${moment.time}' WITH 'pool_list=p${no}'`);
}
