import { fault } from '../base/errors.ts';
import { NeedsSleep, Slumber } from '../sql/functions/slumber.ts';
import type { SessionContext } from './session-context.ts';

/**
 * Runs a catalog query that calls SLEEP, anew after each sleep, so that nobody else waits. KILL QUERY cuts a sleep short: over
 * tables that is error 1317, without any SLEEP answers 1. Beyond `deadlineUs` (0 for never) the query fails with 4012.
 */
export async function runSleeping<T>(
  session: SessionContext,
  query: { readonly overTables: boolean; readonly deadlineUs: number },
  run: () => T,
): Promise<T> {
  const { live } = session;
  const slumber = new Slumber();
  live.slumber = slumber;
  try {
    for (;;) {
      slumber.restart();
      try {
        return run();
      } catch (error) {
        if (!(error instanceof NeedsSleep)) throw error;
        await sleep(session, query, slumber, error.seconds);
      }
    }
  } finally {
    live.slumber = null;
  }
}

async function sleep(
  { host, live }: SessionContext,
  { overTables, deadlineUs }: { readonly overTables: boolean; readonly deadlineUs: number },
  slumber: Slumber,
  seconds: number,
): Promise<void> {
  const { clock } = host.controller;
  const leftMs = deadlineUs > 0 ? Math.max(0, (deadlineUs - clock.nowUs()) / 1000) : Number.POSITIVE_INFINITY;
  const woken = await slumber.nap(Math.min(seconds * 1000, leftMs));
  if (woken && overTables) throw fault('OB_ERR_QUERY_INTERRUPTED');
  if (!woken && leftMs < seconds * 1000) throw fault('OB_TIMEOUT', Math.round(deadlineUs - live.nowUs));
  slumber.slept(woken ? 1 : 0);
}
