import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { civilOfDays, daysOfCivil, daysOfMonth, weekday, weekOf } from '../../src/value/calendar.ts';
import {
  dateTimeOfNumber,
  dateTimeOfUs,
  dayAndUs,
  formatDateTime,
  formatTime,
  fromDayAndUs,
  maxTimeUs,
  readDateTime,
  readTime,
  roundDateTime,
  timeOfNumber,
  usOfDateTime,
} from '../../src/value/temporal.ts';
import {
  fixedOffsetUs,
  isTimeZone,
  localTextToUtc,
  offsetAtUs,
  usOfLocal,
  utcTextToLocal,
} from '../../src/value/time-zone.ts';

const moments = fc
  .record({ days: fc.integer({ min: -719000, max: 2932000 }), us: fc.integer({ min: 0, max: 86_399_999_999 }) })
  .map(({ days, us }) => fromDayAndUs(days, us)!);

describe('the calendar', () => {
  test('agrees with the clock of the platform', () => {
    fc.assert(
      fc.property(fc.integer({ min: -719000, max: 2932000 }), (days) => {
        const civil = civilOfDays(days);
        const date = new Date(days * 86_400_000);
        expect(civil).toEqual({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
        expect(daysOfCivil(civil.year, civil.month, civil.day)).toBe(days);
        expect(weekday(days)).toBe((date.getUTCDay() + 6) % 7);
        expect(civil.day <= daysOfMonth(civil.year, civil.month)).toBe(true);
      }),
    );
  });

  test('weeks of mode 3 are those of ISO 8601', () => {
    fc.assert(
      fc.property(fc.integer({ min: -300000, max: 300000 }), (days) => {
        const thursday = civilOfDays(days - weekday(days) + 3);
        const expected =
          Math.floor(
            (daysOfCivil(thursday.year, thursday.month, thursday.day) - daysOfCivil(thursday.year, 1, 1)) / 7,
          ) + 1;
        expect(weekOf(civilOfDays(days), 3)).toEqual({ year: thursday.year, week: expected });
      }),
    );
  });
});

describe('moments', () => {
  test('read back what they print', () => {
    fc.assert(
      fc.property(moments, (moment) => {
        expect(readDateTime(formatDateTime(moment, 6))).toEqual({ value: moment, date: false, rest: '' });
        const at = dayAndUs(moment);
        expect(fromDayAndUs(at.days, at.us)).toEqual(moment);
      }),
    );
  });

  test('survive the way through microseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4102444800_000000 }), (us) => {
        expect(usOfDateTime(dateTimeOfUs(us)!)).toBe(us);
      }),
    );
  });

  test.each([
    ['2024-1-2', '2024-01-02 00:00:00.000000'],
    ['24/1/2 3:4', '2024-01-02 03:04:00.000000'],
    ['20240102', '2024-01-02 00:00:00.000000'],
    ['20240102030405.5', '2024-01-02 03:04:05.500000'],
    ['2024-01-02T03:04:05', '2024-01-02 03:04:05.000000'],
    ['2023-12-31 23:59:59.9999996', '2024-01-01 00:00:00.000000'],
    ['70-01-01', '1970-01-01 00:00:00.000000'],
    ['69-01-01', '2069-01-01 00:00:00.000000'],
    ['0000-00-00', '0000-00-00 00:00:00.000000'],
  ])('%s is %s', (text, expected) => {
    expect(formatDateTime(readDateTime(text)!.value, 6)).toBe(expected);
  });

  test.each(['2023-02-29', '2024-13-01', '2024-01-32', '2024-01-01 24:00:00', '2024-01-01 00:60:00', 'abc', '', '12'])(
    '%s is none',
    (text) => {
      expect(readDateTime(text)).toBeNull();
    },
  );

  test('keep what follows them', () => {
    expect(readDateTime('2024-01-02 03:04:05 +08')?.rest).toBe('+08');
    expect(readDateTime('2024-01-02x')?.rest).toBe('x');
  });

  test('come from numbers', () => {
    expect(dateTimeOfNumber(20240102n)).toMatchObject({ date: true, value: { year: 2024, month: 1, day: 2 } });
    expect(dateTimeOfNumber(240102)).toMatchObject({ value: { year: 2024 } });
    expect(dateTimeOfNumber(20240102030405)).toMatchObject({ date: false, value: { second: 5 } });
    expect(dateTimeOfNumber(-1)).toBeNull();
  });

  test('round their fraction and carry', () => {
    const end = readDateTime('1999-12-31 23:59:59.9995')!.value;
    expect(formatDateTime(roundDateTime(end, 3)!, 3)).toBe('2000-01-01 00:00:00.000');
    expect(formatDateTime(roundDateTime(end, 4)!, 4)).toBe('1999-12-31 23:59:59.9995');
  });
});

describe('times', () => {
  test('read back what they print', () => {
    fc.assert(
      fc.property(fc.integer({ min: -maxTimeUs, max: maxTimeUs }), (us) => {
        expect(readTime(formatTime(us, 6))).toEqual({ us, clipped: false, rest: '' });
      }),
    );
  });

  test('come in many forms', () => {
    const seconds = (text: string) => readTime(text)!.us / 1_000_000;
    expect(['1:2:3', '10:20', '1 02:03:04', '101112', '12', '-5', '2024-01-02 03:04:05'].map(seconds)).toEqual([
      3723, 37200, 93784, 36672, 12, -5, 11045,
    ]);
    expect(readTime('900:00:00')?.clipped).toBe(true);
    expect([readTime('1:60:00'), readTime('abc')]).toEqual([null, null]);
    expect(timeOfNumber(-10203n)).toEqual({ us: -3723_000000, clipped: false });
    expect(timeOfNumber(199)).toBeNull();
  });
});

describe('time zones', () => {
  test('offsets', () => {
    expect(['+08:00', '-05:30', 'UTC', '+14:00'].map(fixedOffsetUs)).toEqual([
      28_800_000_000, -19_800_000_000, 0, 50_400_000_000,
    ]);
    expect(['+14:01', '-14:00', '+1:60', 'x', 'Asia/Shanghai'].map(fixedOffsetUs)).toEqual([
      null,
      null,
      null,
      null,
      null,
    ]);
    expect(['Asia/Shanghai', 'SYSTEM', '+01:00', 'Nowhere/Land'].map(isTimeZone)).toEqual([true, true, true, false]);
  });

  test('names agree with the platform', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2147483647 }), (seconds) => {
        const parts = new Intl.DateTimeFormat('sv-SE', {
          timeZone: 'Europe/Berlin',
          dateStyle: 'short',
          timeStyle: 'medium',
        }).format(seconds * 1000);
        const utc = formatDateTime(dateTimeOfUs(seconds * 1_000_000)!, 0);
        expect(utcTextToLocal('Europe/Berlin', utc)).toBe(parts);
      }),
      { numRuns: 50 },
    );
  });

  test('local time goes back where it came from, but for the hour that comes twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2147483647 }), (seconds) => {
        const us = seconds * 1_000_000;
        const local = dateTimeOfUs(us + offsetAtUs('America/New_York', us))!;
        expect(
          Math.abs(usOfLocal('America/New_York', local) - us) === 0 ||
            offsetAtUs('America/New_York', us - 3_600_000_000) !== offsetAtUs('America/New_York', us + 3_600_000_000),
        ).toBe(true);
      }),
      { numRuns: 50 },
    );
    expect(localTextToUtc('+08:00', '2024-01-01 00:00:00.123')).toBe('2023-12-31 16:00:00.123');
    expect(localTextToUtc('+08:00', '0000-00-00 00:00:00')).toBe('0000-00-00 00:00:00');
  });
});
