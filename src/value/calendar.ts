/** Proleptic Gregorian calendar arithmetic on day numbers; day 0 is 1970-01-01. */
export interface CivilDate {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

export function daysOfCivil(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146097 + dayOfEra - 719468;
}

export function civilOfDays(days: number): CivilDate {
  const z = days + 719468;
  const era = Math.floor(z / 146097);
  const dayOfEra = z - era * 146097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36524) - Math.floor(dayOfEra / 146096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const mp = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * mp + 2) / 5) + 1;
  const month = mp < 10 ? mp + 3 : mp - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}

export function isLeapYear(year: number): boolean {
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0;
}

const lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

export function daysOfMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (lengths[month - 1] ?? 0);
}

/** Day of the week, 0 for Monday. */
export function weekday(days: number): number {
  return (((days + 3) % 7) + 7) % 7;
}

/** MySQL's TO_DAYS of day 0. */
export const toDaysOffset = 719528;

/**
 * Week number of MySQL's WEEK(date, mode), bit 0: weeks begin on Monday, bit 1: range 1-53 with the year the week belongs
 * to, bit 2: the first week has the first weekday instead of four days.
 */
export function weekOf(date: CivilDate, mode: number): { readonly year: number; readonly week: number } {
  const mondayFirst = (mode & 1) !== 0;
  let weekYear = (mode & 2) !== 0;
  const firstWeekday = ((mode & 4) !== 0) === mondayFirst;
  const days = daysOfCivil(date.year, date.month, date.day);
  let firstDay = daysOfCivil(date.year, 1, 1);
  let start = mondayFirst ? weekday(firstDay) : (weekday(firstDay) + 1) % 7;
  let year = date.year;
  if (date.month === 1 && date.day <= 7 - start) {
    if (!weekYear && ((firstWeekday && start !== 0) || (!firstWeekday && start >= 4))) return { year, week: 0 };
    weekYear = true;
    year--;
    const length = isLeapYear(year) ? 366 : 365;
    firstDay -= length;
    start = (start + 53 * 7 - length) % 7;
  }
  const late = (firstWeekday && start !== 0) || (!firstWeekday && start >= 4);
  const passed = late ? days - (firstDay + (7 - start)) : days - (firstDay - start);
  if (weekYear && passed >= 52 * 7) {
    const next = (start + (isLeapYear(year) ? 366 : 365)) % 7;
    if ((!firstWeekday && next < 4) || (firstWeekday && next === 0)) return { year: year + 1, week: 1 };
  }
  return { year, week: Math.floor(passed / 7) + 1 };
}
