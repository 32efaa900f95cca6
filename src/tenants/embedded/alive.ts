import { faultText } from '../../base/errors.ts';

/**
 * A flag other threads look at before and after they use a descriptor: once the descriptor's owner has ended the work,
 * its number may stand for another file.
 */
export type AliveFlag = SharedArrayBuffer;

const state = { ended: 0, alive: 1, lost: 2 } as const;

export function newAliveFlag(): AliveFlag {
  const buffer = new SharedArrayBuffer(4);
  Atomics.store(new Int32Array(buffer), 0, state.alive);
  return buffer;
}

export function endAlive(flag: AliveFlag): void {
  Atomics.store(new Int32Array(flag), 0, state.ended);
}

/** Ends the work because its owner is gone: beginning it anew helps. */
export function loseAlive(flag: AliveFlag): void {
  Atomics.compareExchange(new Int32Array(flag), 0, state.alive, state.lost);
}

/** OB_CANCELED when the owner has ended the work, OB_EAGAIN when it was lost. */
export function requireAlive(flag: Int32Array, what: string): void {
  const now = Atomics.load(flag, 0);
  if (now === state.lost) throw faultText('OB_EAGAIN', `${what} was ended: the tenant engine stopped`);
  if (now !== state.alive) throw faultText('OB_CANCELED', `${what} was ended`);
}
