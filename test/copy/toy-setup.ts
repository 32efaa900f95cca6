import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../src/base/log.ts';
import type { Scn } from '../../src/base/scn.ts';
import { type CopyWorkers, createCopyWorkers } from '../../src/copy/copy-workers.ts';
import { generateMasterKey, generateSetKey, type SetKey } from '../../src/copy/keys.ts';
import type { AppendSink, ObjectSink, ObjectSource } from '../../src/media/medium.ts';
import type { ThreadModule } from '../../src/tenants/tenant-engine.ts';
import type { ToyData } from './toy-engine.ts';

export const toyModule = new URL('./toy-engine.ts', import.meta.url).href;
export const faultModule = new URL('./fault-io.ts', import.meta.url).href;

/** A directory that disappears with `close`, and files that are closed with it. */
export class Scratch {
  readonly path: string;
  readonly #fds: number[] = [];

  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(join(parent, 'copy-'));
  }

  open(name: string, flags = 'w+'): number {
    const fd = openSync(join(this.path, name), flags);
    this.#fds.push(fd);
    return fd;
  }

  file(name: string): string {
    return join(this.path, name);
  }

  bytes(name: string): Buffer {
    return readFileSync(join(this.path, name));
  }

  close(): void {
    for (const fd of this.#fds.splice(0)) closeSync(fd);
    rmSync(this.path, { recursive: true, force: true });
  }
}

export function toy(data: ToyData): ThreadModule {
  return { module: toyModule, data };
}

/** Bytes that shrink by about half, different in every block, the same for the same seed. */
export function sampleBytes(length: number, seed = 1): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let i = 0; i < length; i++) {
    if (i % 64 < 32) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      bytes[i] = state >>> 24;
    } else bytes[i] = 32 + (i % 64) + (seed & 7);
  }
  return bytes;
}

export interface MemorySinks {
  readonly open: (no: number) => Promise<ObjectSink>;
  readonly state: Map<number, { bytes: Buffer; published: number | null; aborted: boolean }>;
}

/** Sinks without a descriptor, as object stores have them. */
export function memorySinks(failAfterWrites = Number.POSITIVE_INFINITY): MemorySinks {
  const state: MemorySinks['state'] = new Map();
  let writes = 0;
  return {
    state,
    async open(no) {
      const entry = { bytes: Buffer.alloc(0), published: null as number | null, aborted: false };
      state.set(no, entry);
      return {
        async writeAt(offset, bytes) {
          if (++writes > failAfterWrites) throw Object.assign(new Error('broken'), { code: 'EIO' });
          if (entry.bytes.length < offset + bytes.length)
            entry.bytes = Buffer.concat([entry.bytes, Buffer.alloc(offset + bytes.length - entry.bytes.length)]);
          entry.bytes.set(bytes, offset);
        },
        async publish(sizeBytes) {
          entry.published = sizeBytes;
        },
        async abort() {
          entry.aborted = true;
        },
      };
    },
  };
}

/** Sinks with a descriptor in a scratch directory; files are named by number. */
export function fileSinks(scratch: Scratch): { open: (no: number) => Promise<ObjectSink>; ended: Map<number, string> } {
  const ended = new Map<number, string>();
  return {
    ended,
    async open(no) {
      const fd = scratch.open(`data.${no}`);
      return {
        fd,
        async writeAt(offset, bytes) {
          writeSync(fd, bytes, 0, bytes.length, offset);
        },
        async publish(sizeBytes) {
          if (fstatSync(fd).size !== sizeBytes) throw new Error('other size than announced');
          ended.set(no, 'published');
        },
        async abort() {
          ended.set(no, 'aborted');
        },
      };
    },
  };
}

export function bytesSource(bytes: Uint8Array): ObjectSource {
  return {
    sizeBytes: bytes.length,
    async read(offset, length) {
      if (offset + length > bytes.length) throw new Error(`read of ${offset}+${length} in ${bytes.length}`);
      return new Uint8Array(bytes.subarray(offset, offset + length));
    },
    async close() {},
  };
}

export function fdSource(fd: number): ObjectSource {
  return {
    fd,
    sizeBytes: fstatSync(fd).size,
    async read(offset, length) {
      const bytes = Buffer.alloc(length);
      if (readSync(fd, bytes, 0, length, offset) !== length) throw new Error('short read');
      return bytes;
    },
    async close() {},
  };
}

/** An append sink over a file; bytes behind `sizeBytes` are cut off. */
export function appendSink(fd: number, sizeBytes = 0): AppendSink {
  ftruncateSync(fd, sizeBytes);
  let size = sizeBytes;
  return {
    get sizeBytes() {
      return size;
    },
    async append(bytes) {
      writeSync(fd, bytes, 0, bytes.length, size);
      size += bytes.length;
    },
    async close() {},
  };
}

export function testKey(owner = '1', kind: 'set' | 'piece' = 'set'): SetKey {
  return generateSetKey(generateMasterKey(3, 1_700_000_000_000_000), { kind, tenantId: 1002, owner });
}

export function testWorkers(io?: ThreadModule): CopyWorkers {
  return createCopyWorkers({ threads: 2, log: silentLog, ...(io ? { io } : {}) });
}

export function scnAt(n: number): Scn {
  return 1_700_000_000_000_000_000n + BigInt(n) * 1_000n;
}
