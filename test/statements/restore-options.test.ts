import { expect, test } from 'vitest';
import { parseRestoreOptions } from '../../src/statements/restore-options.ts';
import type { Speaker } from '../../src/statements/statement-handler.ts';

const speaker = { warn: () => undefined } as unknown as Speaker;
const concurrencyOf = (option: string) => parseRestoreOptions(`pool_list=p${option}`, speaker).concurrency;

test('concurrency is read in any case, the last of several counts, 0 stands for none', () => {
  expect(concurrencyOf('')).toBe(0);
  expect(concurrencyOf('&concurrency=0')).toBe(0);
  expect(concurrencyOf('&CONCURRENCY=8')).toBe(8);
  expect(concurrencyOf('&concurrency=1&Concurrency=100')).toBe(100);
});

test.each(['1e1', '0x8', '-1', '1.0', '101', '+1', 'x', '８'])('concurrency %s is refused', (text) => {
  expect(() => concurrencyOf(`&concurrency=${text}`)).toThrow(
    expect.objectContaining({ symbol: 'OB_INVALID_ARGUMENT' }) as unknown as Error,
  );
});
