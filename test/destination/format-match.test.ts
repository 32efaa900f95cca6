import { expect, test } from 'vitest';
import type { FormatFile } from '../../src/destination/codec/identity-files.ts';
import { type ExpectedFormat, formatContent, verifyFormat } from '../../src/destination/identity.ts';
import { parseDestination } from '../../src/destination/parse.ts';
import { shop } from './desk.ts';

/* Everything a job writes goes where the format file says it belongs: each member that differs is 9081 by itself. */

const destination = parseDestination('file:///backup/data');
const found: FormatFile = formatContent(destination, 'backup_data', 1001, shop, 1_700_000_000_000_000);
const expected: ExpectedFormat = {
  destination,
  destType: 'backup_data',
  identity: shop,
  row: { destId: 1001, destType: 'backup_data' },
};

const others: readonly (readonly [string, Partial<FormatFile>, Partial<ExpectedFormat>])[] = [
  ['belongs to cluster 2, not to 1', { clusterId: 2 }, {}],
  ['belongs to tenant 1004, not to 1002', { tenantId: 1004 }, {}],
  ['is one of archive_log, not of backup_data', { destType: 'archive_log' }, {}],
  ["was made as 'file:///elsewhere', not as 'file:///backup/data'", { path: 'file:///elsewhere' }, {}],
  ['is of incarnation 2, not 1', { incarnation: 2 }, {}],
  ['is registered for archive_log, not for', {}, { row: { destId: 1001, destType: 'archive_log' } }],
  ['is registered for nothing, not for', {}, { row: null }],
  ['has the id 1002, not 1001', { destId: 1002 }, {}],
];

test.each(others)('a destination that %s is not ours', (hint, file, row) => {
  expect(() => verifyFormat({ ...expected, ...row }, { ...found, ...file })).toThrow(
    expect.objectContaining({ code: -9081, hint: expect.stringContaining(hint) }),
  );
});

test('names and the time may differ', () => {
  const renamed = { ...found, tenantName: 'shop_old', clusterName: 'another', ts: 1 };
  expect(verifyFormat(expected, renamed)).toBeUndefined();
});
