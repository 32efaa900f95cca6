import { test } from 'vitest';
import { everyOperationFails } from './archive-faults.ts';

test('an archive operation that fails after it was done makes no hole', { timeout: 120_000 }, () =>
  everyOperationFails({ kind: 'io', moment: 'after' }),
);
