import { describe, expect, test } from 'vitest';
import { expressions } from './expression-cases.ts';
import { queries, tables } from './query-cases.ts';
import { fixture } from './tenant-fixture.ts';

describe('expressions answer as on a MySQL server', () => {
  const at = fixture();
  for (const [expression, answer] of expressions)
    test(expression, () => {
      expect(at.run(`select ${expression}`).rows).toEqual([[answer]]);
    });
});

describe('queries answer as on a MySQL server', () => {
  const at = fixture();
  for (const table of tables) at.run(table);
  for (const [query, rows] of queries)
    test(query, () => {
      expect(at.run(query).rows.map((row) => row.map((cell) => cell ?? 'NULL').join(' | '))).toEqual(rows);
    });
});
