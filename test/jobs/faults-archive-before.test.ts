import { test } from 'vitest';
import { operationsFail } from './archive-faults.ts';

test('an archive operation that fails before it was done makes no hole', { timeout: 600_000 }, () =>
  operationsFail({ kind: 'outOfSpace', moment: 'before' }, 2),
);
