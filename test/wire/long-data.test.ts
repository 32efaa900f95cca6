import { expect, test } from 'vitest';
import { StatementTable } from '../../src/wire/statement-table.ts';

const maxBytes = 1 << 20;
const shape = { parameterCount: 1, columns: [] };

test('long parameters of all statements together are bounded, and what is forgotten makes room', () => {
  const table = new StatementTable(100);
  const open = Array.from({ length: 20 }, () => {
    const id = table.reserve();
    table.add(id, shape);
    return table.find(id)!;
  });
  for (const statement of open) table.addLongData(statement, 0, Buffer.alloc(maxBytes - 1_000), maxBytes);
  const failed = open.filter(({ failure }) => failure !== null);
  expect(failed.length).toBe(16);
  expect(failed.every(({ failure, longData }) => failure?.errno === 1153 && longData.size === 0)).toBe(true);
  table.remove(open[0]!.id);
  table.dropLongData(failed[0]!);
  table.addLongData(failed[0]!, 0, Buffer.alloc(maxBytes - 1_000), maxBytes);
  expect(failed[0]!.failure).toBeNull();
});

test('empty pieces are memory, too', () => {
  const table = new StatementTable(10);
  const id = table.reserve();
  table.add(id, shape);
  const statement = table.find(id)!;
  for (let i = 0; i < 20_000; i++) table.addLongData(statement, 0, Buffer.alloc(0), maxBytes);
  expect(statement.failure?.errno).toBe(1153);
});
