import type { Scn } from '../base/scn.ts';
import type { LogApplier, ThreadModule } from '../tenants/tenant-engine.ts';
import { damage } from './damage.ts';
import { loadEngineModule } from './engine-module.ts';
import { decodeCommitIndex, decodeLogRecord, type LogRecordHeader, logRecordAad } from './log-file.ts';
import { fileKey, freeBytes, unpack, unseal } from './payload-codec.ts';
import { SharedCounters } from './shared-counters.ts';
import { tenantErrorAt } from './thread-error.ts';
import type { TaskContext, TaskResult } from './thread-guest.ts';

export interface ApplyTaskInput {
  readonly shared: SharedArrayBuffer;
  readonly target: ThreadModule;
  readonly afterScn: Scn;
  readonly untilScn: Scn;
}

/** One record to apply; null is the end. */
export interface ApplyItem {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly name: string;
  readonly offset: number;
  readonly setKey: Uint8Array | null;
  readonly salt: Uint8Array;
}

/** Asks the main thread for records and applies them until there are no more. Its value is the number of commits. */
export async function applyTask(input: ApplyTaskInput, context: TaskContext): Promise<TaskResult> {
  const shared = new SharedCounters(input.shared);
  const engine = await loadEngineModule(input.target);
  const applier = engine.openLogApplier(input.target.data);
  try {
    const applied = await applyAll(input, applier, shared, context);
    applier.close();
    return { value: applied };
  } catch (error) {
    closeQuietly(applier);
    throw tenantErrorAt(error, 'writing log to the tenant');
  }
}

async function applyAll(
  input: ApplyTaskInput,
  applier: LogApplier,
  shared: SharedCounters,
  context: TaskContext,
): Promise<number> {
  let applied = 0;
  const ask = () => {
    const asked = context.call<ApplyItem | null>('next', null);
    // Who is told to stop does not wait for it any more; a refusal nobody takes would end the thread.
    asked.catch(() => undefined);
    return asked;
  };
  let next = ask();
  while (!shared.stopped) {
    const item = await next;
    if (!item) break;
    next = ask();
    const { length } = item.bytes;
    applied += applyRecord(item, applier, input);
    shared.finished(length, 0);
    context.progress();
  }
  return applied;
}

/** The first error is the one to tell; a target that failed is thrown away. */
function closeQuietly(applier: LogApplier): void {
  try {
    applier.close();
  } catch {
    // Applying has failed already.
  }
}

function applyRecord(item: ApplyItem, applier: LogApplier, input: ApplyTaskInput): number {
  const stored = Buffer.from(item.bytes.buffer, item.bytes.byteOffset, item.bytes.length);
  const header = decodeLogRecord(stored);
  const where = `record at offset ${item.offset}`;
  if (!header) throw damage(item.name, where, 'record header is damaged');
  const { commits, bytes } = openRecord(header, stored, item, where);
  const afterScn = larger(header.afterScn, input.afterScn);
  // A part belongs to a commit behind the bounds of its record.
  const untilScn = header.kind === 'part' ? input.untilScn : smaller(header.lastScn, input.untilScn);
  const applied = header.commitCount === 0 ? 0 : applier.apply({ bytes, commits }, afterScn, untilScn);
  freeBytes(bytes, stored);
  freeBytes(stored);
  return applied;
}

/** Decrypts, decompresses and checks a record; damage names it as `where`. */
export function openRecord(header: LogRecordHeader, stored: Buffer, item: Omit<ApplyItem, 'bytes'>, where: string) {
  try {
    const raw = openRaw(header, stored, item);
    const commits = decodeCommitIndex(raw.subarray(0, header.indexLength), header.commitCount);
    return { commits, bytes: raw.subarray(header.indexLength) };
  } catch (error) {
    throw damage(item.name, where, (error as Error).message);
  }
}

function openRaw(header: LogRecordHeader, stored: Buffer, item: Omit<ApplyItem, 'bytes'>): Uint8Array {
  const payload = stored.subarray(header.headerLength);
  if (item.setKey === null) {
    if (header.encrypted) throw new Error('encrypted, and no key was given');
    return unpack(header.codec, payload, header.rawLength, header.rawCrc);
  }
  if (!header.encrypted) throw new Error('a clear record in an encrypted file');
  const aad = logRecordAad(stored.subarray(0, header.headerLength));
  const opened = unseal(payload, keyFor(item.setKey, item.salt), header.nonce, header.tag, aad);
  const raw = unpack(header.codec, opened.payload, header.rawLength, opened.rawCrc);
  freeBytes(opened.payload, raw);
  return raw;
}

function keyFor(setKey: Uint8Array, salt: Uint8Array): Uint8Array {
  return fileKey(setKey, salt, 'log');
}

function larger(a: Scn, b: Scn): Scn {
  return a > b ? a : b;
}

function smaller(a: Scn, b: Scn): Scn {
  return a < b ? a : b;
}
