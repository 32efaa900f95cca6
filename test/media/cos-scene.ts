import { inspect } from 'node:util';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Clock } from '../../src/base/clock.ts';
import { openCosMedium } from '../../src/media/cos-medium.ts';
import type { Medium, MediumError } from '../../src/media/medium.ts';
import type { MediumAddress } from '../../src/media/open-medium.ts';
import { cosAddress } from './servers/cos.ts';
import { CosDouble, type CosFault } from './servers/cos-double.ts';

export const mib = 1024 * 1024;
export const x = Buffer.from('x');
export const text = (value: Uint8Array) => Buffer.from(value).toString();

/** New for each test of a file that calls `eachOnCos`. */
export let double: CosDouble;
export let address: MediumAddress;
export let medium: Medium;
export const opened: Medium[] = [];

/** A double and a medium for each test of the file. */
export function eachOnCos(): void {
  beforeEach(async () => {
    double = await CosDouble.start();
    address = cosAddress(double, 'backup/a');
    medium = open();
  });
  afterEach(async () => {
    await double.stop();
    for (const one of opened.splice(0)) await one.close();
  });
}

/** Another medium on the same destination, or on one that differs in something. */
export function open(changed: Partial<MediumAddress> = {}, clock?: Clock): Medium {
  const made = openCosMedium({ ...address, ...changed }, clock);
  opened.push(made);
  return made;
}

/** In place of the double, for what comes after it was stopped. */
export async function startAgain(): Promise<void> {
  double = await CosDouble.start();
}

export function meet(kind: CosFault['kind'], more: Partial<CosFault> = {}): void {
  double.faults.push({ kind, times: 1, ...more });
}

/** The error says what happened in few words, and no secret in any way of printing it. */
export function expectDiscreet(error: MediumError): void {
  expect(error.message.length).toBeLessThan(300);
  expect(error.message).toMatch(/^[\x20-\x7e]+$/);
  const all = `${error.message} ${error.stack} ${inspect(error, { depth: 10, showHidden: true })}`;
  expect(all).not.toContain(double.signer.secretKey);
  expect(all).not.toContain('q-signature');
}
