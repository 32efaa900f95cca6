import type Database from 'better-sqlite3';

/**
 * `ob_local(us, zone)`: microseconds since 1970 as `YYYY-MM-DD HH:MM:SS` in a named zone, NULL for NULL. Views call it
 * only in sessions whose zone has a name; offsets such as `+08:00` are arithmetic in SQLite itself.
 */
export function registerZoneFunctions(database: Database.Database): void {
  database.function('ob_local', { deterministic: true }, (us: unknown, zone: unknown) =>
    us === null ? null : localText(Number(us), String(zone)),
  );
}

const formats = new Map<string, Intl.DateTimeFormat>();

function localText(us: number, zone: string): string {
  const ms = Math.floor(us / 1000);
  const parts: Record<string, string> = {};
  for (const part of formatFor(zone).formatToParts(ms)) parts[part.type] = part.value;
  const { year, month, day, hour, minute, second } = parts;
  return `${year!.padStart(4, '0')}-${month}-${day} ${hour}:${minute}:${second}`;
}

function formatFor(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    ...(zone.toUpperCase() === 'SYSTEM' ? {} : { timeZone: zone }),
    ...{ year: 'numeric', month: '2-digit', day: '2-digit', hourCycle: 'h23' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit' },
  });
  formats.set(zone, made);
  return made;
}
