import { test } from 'vitest';
import { operationsFail } from './archive-faults.ts';

test('an archive operation that fails after it was done makes no hole', { timeout: 600_000 }, () =>
  operationsFail({ kind: 'io', moment: 'after' }, 3),
);
