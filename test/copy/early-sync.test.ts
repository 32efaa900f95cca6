import { expect, test } from 'vitest';
import { EarlySync } from '../../src/base/early-sync.ts';

const piece = 32 << 20;

/** Syncs that end when told to. */
function syncs() {
  const begun: PromiseWithResolvers<void>[] = [];
  const early = new EarlySync(() => {
    const sync = Promise.withResolvers<void>();
    begun.push(sync);
    return sync.promise;
  });
  return { early, begun };
}

test('a sync begins with each piece, one at a time, and the end waits for it', async () => {
  const { early, begun } = syncs();
  early.wrote(piece - 1);
  expect(begun).toHaveLength(0);
  early.wrote(1);
  early.wrote(piece);
  expect(begun).toHaveLength(1);
  begun[0]!.resolve();
  await early.end();
  early.wrote(1);
  expect(begun).toHaveLength(2);
  let over = false;
  const end = early.end().then(() => {
    over = true;
  });
  await new Promise(setImmediate);
  expect(over).toBe(false);
  begun[1]!.resolve();
  await end;
});

test('a failure is told at the end, also when later syncs succeed', async () => {
  const { early, begun } = syncs();
  early.wrote(piece);
  begun[0]!.reject(new Error('the disk refused'));
  await new Promise(setImmediate);
  early.wrote(piece);
  begun[1]!.resolve();
  await expect(early.end()).rejects.toThrow('the disk refused');
});
