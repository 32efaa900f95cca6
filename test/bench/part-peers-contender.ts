import { type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, fsyncSync, lstatSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathOf } from './peers.ts';

/** One backup that was taken. */
export interface TakenCopy {
  readonly seconds: number;
  /** Bytes of what was backed up, as it lies where the contender reads it. */
  readonly sourceBytes: number;
  /** Bytes of the files the backup made. */
  readonly writtenBytes: number;
}

/** Bytes that were read or brought back, and how long it took. */
export interface Passage {
  readonly seconds: number;
  readonly bytes: number;
}

/** A tool with its own copy of the data. Only what the returned seconds cover is measured; every copy ends synced. */
export interface Contender {
  readonly name: string;
  /** What is written under a key is compared only with what is written under a key. */
  readonly sealed: boolean;
  /** The data as it was before the changes, and a place without backups where the tool needs one. */
  begin(): Promise<void>;
  full(): Promise<TakenCopy>;
  /** Brings the newest full backup back and removes what it brought. */
  restore(): Promise<Passage>;
  /** Reads the stored backup with the tool's own check of every byte; null where a tool has none. */
  readonly verify: (() => Promise<Passage>) | null;
  change(): Promise<void>;
  /** Null where the tool knows full backups only. */
  readonly incremental: (() => Promise<TakenCopy>) | null;
}

export type Where = Pick<SpawnOptions, 'cwd' | 'env' | 'uid' | 'gid'>;

/** Runs a command to its end and returns the seconds. Throws with the end of what it wrote when its code is not 0. */
export async function run(command: string, args: readonly string[], where: Where = {}): Promise<number> {
  const startMs = performance.now();
  await said(command, args, where);
  return (performance.now() - startMs) / 1000;
}

/** Runs a command to its end and returns the end of what it wrote. Throws with that when its code is not 0. */
export async function said(command: string, args: readonly string[], where: Where = {}): Promise<string> {
  const child = spawn(pathOf(command) ?? command, args, { ...where, stdio: ['ignore', 'pipe', 'pipe'] });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (part: string) => {
      text = (text + part).slice(-4_000);
    });
  const code = await new Promise<number | null>((settle, reject) => {
    child.on('error', reject);
    child.on('close', settle);
  });
  if (code !== 0) throw new Error(`${command} ${args[0] ?? ''} ended with code ${code}: ${text}`);
  return text;
}

/** Seconds of all steps together, the files under `path` being synced at the end. */
export async function timedAndSynced(path: string, steps: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await steps();
  for (const file of filesOf(path)) sync(file);
  return (performance.now() - startMs) / 1000;
}

export function treeBytes(path: string): number {
  return filesOf(path).reduce((bytes, file) => bytes + lstatSync(file).size, 0);
}

/** Every regular file below a directory, or the file itself; nothing where nothing is. */
export function filesOf(path: string): readonly string[] {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found?.isFile()) return [path];
  if (!found?.isDirectory()) return [];
  return readdirSync(path).flatMap((name) => filesOf(join(path, name)));
}

function sync(file: string): void {
  const fd = openSync(file, 'r');
  fsyncSync(fd);
  closeSync(fd);
}
