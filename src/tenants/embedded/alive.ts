import { faultText } from '../../base/errors.ts';

/**
 * A flag other threads look at before and after they use a descriptor: once the descriptor's owner has ended the work,
 * its number may stand for another file.
 */
export type AliveFlag = SharedArrayBuffer;

export function newAliveFlag(): AliveFlag {
  const buffer = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(buffer), 0, 1);
  return buffer;
}

export function endAlive(flag: AliveFlag): void {
  Atomics.store(new Int32Array(flag), 0, 0);
}

/** OB_CANCELED when the owner has ended the work. */
export function requireAlive(flag: Int32Array, what: string): void {
  if (Atomics.load(flag, 0) !== 1) throw faultText('OB_CANCELED', `${what} was ended`);
}
