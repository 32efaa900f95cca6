import { inspect } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import { openHdfsMedium } from '../../src/media/hdfs-medium.ts';
import { isTempName } from '../../src/media/key.ts';
import type { Medium, MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { hdfsAddress } from './servers/hdfs.ts';
import { HdfsDouble, type HdfsFault } from './servers/hdfs-double.ts';

export const mib = 1024 * 1024;
export const x = Buffer.from('x');
export const text = (value: Uint8Array) => Buffer.from(value).toString();

/** New for each test of a file that calls `eachOnHdfs`. */
export let double: HdfsDouble;
export let medium: Medium;
const opened: Medium[] = [];

/** A double with two NameNodes, the first one active, and a medium for each test of the file. */
export function eachOnHdfs(): void {
  beforeEach(async () => {
    double = await HdfsDouble.start();
    medium = open();
  });
  afterEach(async () => {
    await double.stop();
    for (const one of opened.splice(0)) await one.close();
  });
}

/** Another medium on the same destination, or on one that differs in something. */
export function open(changed: Partial<MediumAddress> = {}): Medium {
  const made = openHdfsMedium({ ...hdfsAddress(double, 'backup/a'), ...changed });
  opened.push(made);
  return made;
}

export function meet(kind: HdfsFault['kind'], on: string, more: Partial<HdfsFault> = {}): void {
  double.faults.push({ kind, times: 1, on, ...more });
}

/** Temporary names that exist. */
export function temps(): string[] {
  return [...double.tree.nodes.keys()].filter((path) => isTempName(path.slice(path.lastIndexOf('/') + 1)));
}

/** The error says what happened in few words, and no secret in any way of printing it. */
export function expectDiscreet(error: MediumError): void {
  expect(error.message).toMatch(/^[\x20-\x7e]{1,300}$/);
  const all = `${error.message} ${error.stack} ${inspect(error, { depth: 10, showHidden: true })}`;
  expect(all).not.toContain(double.token);
  expect(all).not.toContain('ticket');
}
