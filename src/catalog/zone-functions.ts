import type Database from 'better-sqlite3';
import { offsetAtUs } from '../value/time-zone.ts';

/**
 * `ob_local(us, zone)`: microseconds since 1970 as `YYYY-MM-DD HH:MM:SS` in a named zone, NULL for NULL. Views call it
 * only in sessions whose zone has a name; offsets such as `+08:00` are arithmetic in SQLite itself.
 */
export function registerZoneFunctions(database: Database.Database): void {
  database.function('ob_local', { deterministic: true }, (us: unknown, zone: unknown) =>
    us === null ? null : localText(Number(us), String(zone)),
  );
}

function localText(us: number, zone: string): string {
  const ms = Math.floor((us + offsetAtUs(zone, us)) / 1000);
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ');
}
