import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { ChangePoint, LogPosition } from '../../src/tenants/tenant-engine.ts';

export interface ArchiveHead {
  readonly position: LogPosition;
  readonly commits: readonly (readonly [scn: string, end: number])[];
}

export interface ArchiveRecord extends ArchiveHead {
  readonly bytes: Uint8Array;
}

/** Appends one record, durable when this returns. */
export function appendRecord(path: string, head: ArchiveHead, bytes: Uint8Array): void {
  const json = Buffer.from(JSON.stringify(head));
  const sizes = Buffer.alloc(8);
  sizes.writeUInt32LE(json.length, 0);
  sizes.writeUInt32LE(bytes.length, 4);
  const fd = openSync(path, 'a');
  writeSync(fd, Buffer.concat([sizes, json, bytes]));
  fsyncSync(fd);
  closeSync(fd);
}

/** The whole records of an archive; a torn one at the end is cut off. */
export function readArchive(path: string): ArchiveRecord[] {
  const records: ArchiveRecord[] = [];
  if (!existsSync(path)) return records;
  const file = readFileSync(path);
  let at = 0;
  while (at + 8 <= file.length) {
    const jsonEnd = at + 8 + file.readUInt32LE(at);
    const end = jsonEnd + file.readUInt32LE(at + 4);
    if (end > file.length) break;
    const head = JSON.parse(file.toString('utf8', at + 8, jsonEnd)) as ArchiveHead;
    records.push({ ...head, bytes: file.subarray(jsonEnd, end) });
    at = end;
  }
  if (at < file.length) truncateSync(path, at);
  return records;
}

export function lastPosition(path: string): LogPosition | null {
  return readArchive(path).at(-1)?.position ?? null;
}

/** A published set; with a base its file `set-<scn>` holds only what changed since then. */
export interface CrashSet {
  readonly scn: string;
  readonly base: string | null;
  readonly point: ChangePoint | null;
}

/** The sets that were noted, oldest first; a torn line at the end does not count. */
export function readSets(root: string): CrashSet[] {
  const path = join(root, 'sets');
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as CrashSet);
}
