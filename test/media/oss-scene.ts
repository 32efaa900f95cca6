import { afterEach, beforeEach, expect } from 'vitest';
import type { Medium } from '../../src/media/medium.ts';
import { openOssMedium } from '../../src/media/oss-medium.ts';
import { lookupHere, ossAddress } from './servers/oss.ts';
import { type OssCall, OssDouble } from './servers/oss-double.ts';

export const ossPath = 'oss://backups/dest';
export const partBytes = 8 * 1024 * 1024;

export const text = (value: Uint8Array) => Buffer.from(value).toString();
export const isPart = ({ method, query }: OssCall) => method === 'PUT' && query.has('partNumber');
export const isComplete = ({ method, query }: OssCall) => method === 'POST' && query.has('uploadId');

/** A double of its own for every test of a file, with a bare medium on it. */
export interface OssScene {
  readonly double: OssDouble;
  readonly medium: Medium;
  /** Opens the medium anew, with another patience. */
  reopen(idleMs: number): Promise<void>;
  /** Writes an object of `partCount` full parts. */
  publish(key: string, partCount: number, on?: Medium): Promise<void>;
  /** No object, no unfinished upload. */
  nothingStands(): void;
}

export function ossScene(): OssScene {
  let double: OssDouble;
  let medium: Medium;
  const open = (idleMs?: number) =>
    openOssMedium(ossAddress(double, ossPath), undefined, { lookup: lookupHere, ...(idleMs && { idleMs }) });
  beforeEach(async () => {
    double = new OssDouble();
    await double.listen();
    double.bucket('backups');
    medium = open();
  });
  afterEach(async () => {
    await medium.close();
    await double.kill();
  });
  return {
    get double() {
      return double;
    },
    get medium() {
      return medium;
    },
    async reopen(idleMs) {
      await medium.close();
      medium = open(idleMs);
    },
    async publish(key, partCount, on = medium) {
      const sink = await on.createObject(key);
      try {
        for (let i = 0; i < partCount; i++) await sink.writeAt(i * partBytes, Buffer.alloc(partBytes, i));
        await sink.publish(partCount * partBytes);
      } catch (error) {
        await sink.abort();
        throw error;
      }
    },
    nothingStands() {
      expect([...double.bucket('backups').objects.keys()]).toEqual([]);
      expect(double.bucket('backups').uploads.size).toBe(0);
    },
  };
}
