import { expect, test } from 'vitest';
import { applyTask } from '../../src/copy/apply-task.ts';
import { SharedCounters } from '../../src/copy/shared-counters.ts';

const target = {
  module: 'data:text/javascript,export const openLogApplier = () => ({ apply: () => 0, close() {} });',
  data: null,
};

test('a thread told to stop before its first record survives the refusal of what it asked for', async () => {
  const shared = SharedCounters.begin(1);
  shared.stop();
  const refusals: unknown[] = [];
  const onRefusal = (reason: unknown) => refusals.push(reason);
  process.on('unhandledRejection', onRefusal);
  const input = { shared: shared.buffer, target, afterScn: 0n, untilScn: 1n };
  const context = { call: () => Promise.reject(new Error('the caller gave up')), progress: () => undefined };
  expect(await applyTask(input, context)).toEqual({ value: 0 });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', onRefusal);
  expect(refusals).toEqual([]);
});
