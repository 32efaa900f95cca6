import { test } from 'vitest';
import { everyOperationFails } from './archive-faults.ts';

test('an archive operation that fails before it was done makes no hole', { timeout: 120_000 }, () =>
  everyOperationFails({ kind: 'outOfSpace', moment: 'before' }),
);
