import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../src/value/byte-writer.ts';
import type { ResultColumn } from '../../src/value/column-type.ts';
import { encodeRows } from '../../src/value/encode-row.ts';
import { momentsOf } from '../../src/value/moment.ts';
import { dateTimeOfUs, formatDateTime } from '../../src/value/temporal.ts';
import { localOfUs, usOfLocal, utcTextToLocal } from '../../src/value/time-zone.ts';

const zones = [
  ...['+00:00', '+08:00', '-03:30', '+14:00', '-13:59', 'UTC', 'SYSTEM', 'Asia/Shanghai', 'Europe/Berlin'],
  ...['America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu', 'Pacific/Apia', 'no such zone'],
];
/** As the texts of stored timestamps become those of a session. */
const expected = (zone: string, us: number) => utcTextToLocal(zone, formatDateTime(dateTimeOfUs(us)!, 6));

const written = (zone: string, us: number | bigint): string | null => {
  const out = new ByteWriter(1);
  momentsOf(zone).write(out, us);
  if (out.bytes[0] === 0xfb) return null;
  expect(out.bytes[0]).toBe(out.length - 1);
  return out.bytes.toString('latin1', 1, out.length);
};

test('any moment in any zone is the text that stored timestamps give', () => {
  const moment = fc.integer({ min: Date.UTC(1880, 0) * 1000, max: Date.UTC(2200, 0) * 1000 });
  fc.assert(
    fc.property(fc.constantFrom(...zones), fc.array(moment, { minLength: 1, maxLength: 4 }), (zone, moments) => {
      for (const us of moments) {
        expect(momentsOf(zone).text(us)).toBe(expected(zone, us));
        expect(written(zone, us)).toBe(expected(zone, us));
        expect(written(zone, BigInt(us))).toBe(expected(zone, us));
      }
    }),
    { numRuns: 500 },
  );
});

test('the seconds around every change of an offset', () => {
  for (const zone of ['Europe/Berlin', 'Australia/Lord_Howe', 'America/St_Johns'])
    for (let day = Date.UTC(2023, 0) / 1000; day < Date.UTC(2024, 0) / 1000; day += 86_400)
      for (let hour = 0; hour < 24; hour++)
        for (const second of [-1, 0, 1799, 1800]) {
          const us = (day + hour * 3600 + second) * 1_000_000 + 7;
          if (hour > 18 || hour < 4) expect(momentsOf(zone).text(us)).toBe(expected(zone, us));
        }
  // Shanghai left its own mean time inside of a quarter of an hour.
  const change = usOfLocal('Asia/Shanghai', { ...localOfUs('UTC', Date.UTC(1901, 0) * 1000)! });
  for (let second = -900; second < 900; second++) {
    const us = change + second * 1_000_000;
    expect(momentsOf('Asia/Shanghai').text(us)).toBe(expected('Asia/Shanghai', us));
  }
});

test('the ends of the calendar', () => {
  const last = 253_402_300_799_999_999n;
  expect(momentsOf('+00:00').text(last)).toBe('9999-12-31 23:59:59.999999');
  expect(momentsOf('+00:00').text(last + 1n)).toBe(null);
  expect(written('+08:00', last + 1n)).toBe(null);
  expect(momentsOf('+00:00').text(-62_167_219_200_000_000n)).toBe('0000-01-01 00:00:00.000000');
  expect(momentsOf('+00:00').text(-1n)).toBe('1969-12-31 23:59:59.999999');
  expect(momentsOf('+00:00').text(-1)).toBe('1969-12-31 23:59:59.999999');
  expect(momentsOf('+00:00').has(last)).toBe(true);
  expect(momentsOf('+00:00').has(last + 1n)).toBe(false);
});

test('SYSTEM follows TZ', () => {
  const before = process.env['TZ'];
  try {
    process.env['TZ'] = 'Asia/Tokyo';
    expect(momentsOf('SYSTEM').text(0)).toBe('1970-01-01 09:00:00.000000');
    process.env['TZ'] = 'UTC';
    expect(momentsOf('SYSTEM').text(0)).toBe('1970-01-01 00:00:00.000000');
  } finally {
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
  }
});

test('rows of both protocols are those of the texts', () => {
  const column = (name: 'timestamp' | 'datetime' | 'bigint'): ResultColumn => ({
    ...{ label: 'c', type: name === 'bigint' ? { name } : { name, scale: 6 } },
    ...{ schema: '', table: '', orgTable: '', orgName: '' },
  });
  const columns = [column('bigint'), column('timestamp'), column('bigint'), column('datetime')];
  const at = [1, 3];
  const cell = fc.option(fc.integer({ min: 0, max: Date.UTC(2100, 0) * 1000 }));
  fc.assert(
    fc.property(
      fc.constantFrom(...zones),
      fc.array(fc.tuple(cell, cell, cell, cell), { maxLength: 3 }),
      fc.constantFrom('text', 'binary' as const),
      (zone, rows, format) => {
        const texts = rows.map((row) => row.map((us, i) => (us !== null && at.includes(i) ? expected(zone, us) : us)));
        const moments = { zone, at };
        expect(encodeRows(columns, rows, format, undefined, moments)).toEqual(encodeRows(columns, texts, format));
      },
    ),
  );
});
