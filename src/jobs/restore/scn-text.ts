import { scnToUs } from '../../base/scn.ts';
import { formatDateTime } from '../../value/temporal.ts';
import { localOfUs } from '../../value/time-zone.ts';

/** An SCN on the clocks of a zone, to the microsecond; the number itself when it is no time. */
export function scnText(scn: bigint, timeZone: string): string {
  const moment = localOfUs(timeZone, Number(scnToUs(scn)));
  return moment === null ? String(scn) : formatDateTime(moment, 6);
}
