import { fault } from '../../base/errors.ts';
import { maxTimeUs } from '../../value/temporal.ts';
import type { FunctionCall, Interval } from '../ast/call.ts';
import type { Expression } from '../ast/expression.ts';
import { asDateTime, asNumber, asText, asTime, local, settle } from './convert.ts';
import { translate } from './expression.ts';
import { bind, call, type Fragment, quoteText, raw, sql } from './fragment.ts';
import { checkCount } from './function-call.ts';
import type { BindConversion } from './plan.ts';
import type { Place } from './scope.ts';
import { fixSlot } from './statement.ts';
import { bigint, category, date, datetime, isNumeric, type Typed, time, typed, varchar } from './typed.ts';

type ClockForm = 'nowDatetime' | 'nowDate' | 'nowTime' | 'utcDatetime' | 'utcDate' | 'utcTime';

const clockFunctions: Readonly<Record<string, ClockForm>> = {
  now: 'nowDatetime',
  current_timestamp: 'nowDatetime',
  localtime: 'nowDatetime',
  localtimestamp: 'nowDatetime',
  sysdate: 'nowDatetime',
  curdate: 'nowDate',
  current_date: 'nowDate',
  curtime: 'nowTime',
  current_time: 'nowTime',
  utc_timestamp: 'utcDatetime',
  utc_date: 'utcDate',
  utc_time: 'utcTime',
};

/** Functions of date and time that are more than a call; null for all others. */
export function dateCall(expression: FunctionCall, place: Place): Typed | null {
  const clock = clockFunctions[expression.name];
  if (clock) return clockCall(expression, clock, place);
  const args = expression.arguments;
  switch (expression.name) {
    case 'date_add':
    case 'adddate':
    case 'date_sub':
    case 'subdate': {
      checkCount(expression, 2, 2);
      const minus = expression.name === 'date_sub' || expression.name === 'subdate';
      const amount = args[1]!;
      const interval: Interval = amount.kind === 'interval' ? amount : { kind: 'interval', amount, unit: 'DAY' };
      return dateArithmetic(args[0]!, interval, minus, place);
    }
    case 'timestampadd':
      checkCount(expression, 2, 2);
      return dateArithmetic(args[1]!, { kind: 'interval', amount: args[0]!, unit: expression.keyword! }, false, place);
    case 'timestampdiff': {
      checkCount(expression, 2, 2);
      const [from, to] = args.map((argument) => asDateTime(translate(argument, place)));
      return typed(call('my_timestampdiff', raw(quoteText(expression.keyword!)), from!, to!), bigint);
    }
    case 'extract':
      return typed(extractCall(expression, place), bigint);
    case 'from_unixtime': {
      if (args.length !== 1) return null;
      const value = translate(args[0]!, place);
      const kind = category(value.type);
      const scale = kind === 'decimal' ? Math.min(6, value.type.scale ?? 0) : kind === 'integer' ? 0 : 6;
      const made = call('my_from_unixtime', asNumber(value));
      return typed(scale === 0 ? made : call('my_cast_datetime', made, raw(String(scale))), datetime(scale));
    }
    case 'unix_timestamp':
      if (args.length > 0) return null;
      place.translation.volatile = true;
      return typed(bind({ from: 'context', name: 'nowUs', convert: { to: 'seconds' } }), bigint, { nullable: false });
    case 'addtime':
    case 'subtime':
      checkCount(expression, 2, 2);
      return addClock(translate(args[0]!, place), translate(args[1]!, place), expression.name === 'subtime', place);
    case 'timediff': {
      checkCount(expression, 2, 2);
      const [from, to] = args.map((argument) => local(translate(argument, place)));
      return typed(
        call('my_timediff', clockGiven(from!), clockGiven(to!)),
        time(Math.max(scaleOf(from!, place), scaleOf(to!, place))),
      );
    }
    case 'timestamp': {
      checkCount(expression, 1, 2);
      const value = translate(args[0]!, place);
      const scale = scaleOf(value, place);
      const full = typed(call('my_cast_datetime', asDateTime(value), raw(String(scale))), datetime(scale));
      return args.length === 1 ? full : addClock(full, translate(args[1]!, place), false, place);
    }
    default:
      return null;
  }
}

/** Digits of a second: a literal's own. */
function scaleOf(value: Typed, place: Place): number {
  if (value.type.scale !== undefined) return Math.min(6, value.type.scale);
  if (category(value.type) !== 'text') return 0;
  if (!value.literal) return 6;
  const digits = /\.(\d*)/.exec(String(value.literal.value))?.[1];
  if (digits !== undefined) fixSlot(place.translation, value.literal);
  return Math.min(6, digits?.length ?? 0);
}

/** A value that is a time or a moment: numbers and texts tell by themselves. */
function clockGiven(value: Typed): Fragment {
  const kind = category(value.type);
  if (kind === 'date') return sql`(${asDateTime(value)} || ' 00:00:00')`;
  return kind === 'text' ? asText(value) : isNumeric(kind) ? call('my_clock_text', asNumber(value)) : value.sql;
}

function clockCall(expression: FunctionCall, form: ClockForm, place: Place): Typed {
  checkCount(expression, 0, form.endsWith('Date') ? 0 : 1);
  place.translation.volatile = true;
  const [digits] = expression.arguments;
  let scale = 0;
  if (digits) {
    if (digits.kind !== 'literal' || digits.type !== 'integer') throw fault('ER_WRONG_ARGUMENTS', expression.name);
    fixSlot(place.translation, digits);
    scale = Number(digits.value);
    if (scale > 6) throw fault('ER_TOO_BIG_PRECISION', scale, expression.name, 6);
  }
  const own: BindConversion = { to: form, scale };
  const type = form.endsWith('Date') ? date : form.endsWith('Time') ? time(scale) : datetime(scale);
  return typed(bind({ from: 'context', name: 'nowUs', convert: own }), type, { nullable: false });
}

const dayUnits = /^(DAY|WEEK|MONTH|QUARTER|YEAR|YEAR_MONTH)$/;

/** `date ± INTERVAL amount unit`. */
export function dateArithmetic(left: Expression, interval: Interval, minus: boolean, place: Place): Typed {
  const value = translate(left, place);
  const amount = intervalAmount(interval, place);
  const unit = raw(quoteText(interval.unit));
  const sign = raw(minus ? '1' : '0');
  const micro = /MICROSECOND/.test(interval.unit);
  const kind = category(value.type);
  if (kind === 'time') {
    const scale = micro ? 6 : Math.max(value.type.scale ?? 0, amount.scale);
    return typed(call('my_time_add', asTime(value), amount.sql, unit, sign), time(scale));
  }
  if (kind === 'date' || kind === 'datetime' || kind === 'timestamp') {
    const stays = kind === 'date' && dayUnits.test(interval.unit);
    const scale = micro ? 6 : Math.max(value.type.scale ?? 0, amount.scale);
    const type = stays ? date : datetime(scale);
    return typed(
      call('my_date_add', asDateTime(value), amount.sql, unit, sign, raw(stays ? '-1' : String(scale))),
      type,
    );
  }
  const given = isNumeric(kind) ? asNumber(value) : value.unknown ? value.sql : asText(value);
  return typed(call('my_date_add', given, amount.sql, unit, sign, raw('-2')), varchar(29), {
    showsMoment: true,
  });
}

/** The amount as a number or, for compound units, a text; `scale` 6 when SECOND may carry a fraction. */
function intervalAmount(interval: Interval, place: Place): { readonly sql: Fragment; readonly scale: number } {
  const value = settle(translate(interval.amount, place));
  const kind = category(value.type);
  const fraction = interval.unit === 'SECOND' && kind !== 'integer' ? Math.min(6, value.type.scale ?? 6) : 0;
  const scale = value.unknown || value.literal?.type === 'string' ? 0 : fraction;
  if (/_/.test(interval.unit)) return { sql: asText(value), scale };
  return { sql: isNumeric(kind) ? asNumber(value) : value.unknown ? value.sql : asText(value), scale };
}

/** Parts of EXTRACT(unit …) by the functions that give them. */
const simpleParts: Readonly<Record<string, string>> = {
  YEAR: 'year',
  QUARTER: 'quarter',
  MONTH: 'month',
  WEEK: 'week',
  DAY: 'day',
};
const clockParts: Readonly<Record<string, string>> = {
  HOUR: 'hour',
  MINUTE: 'minute',
  SECOND: 'second',
  MICROSECOND: 'microsecond',
};

function extractCall(expression: FunctionCall, place: Place): Fragment {
  checkCount(expression, 1, 1);
  const unit = expression.keyword!;
  const value = local(translate(expression.arguments[0]!, place));
  const simple = simpleParts[unit];
  if (simple) return call(`my_${simple}`, asDateTime(value));
  const clock = clockParts[unit];
  if (clock) return call(`my_${clock}`, asTime(value));
  const kind = category(value.type);
  const text =
    kind === 'time' ? sql`my_time_text(${value.sql}, 6)` : kind === 'text' ? asText(value) : asDateTime(value);
  return call('my_extract', raw(quoteText(unit)), text);
}

/** ADDTIME and SUBTIME: a time on a time, or on a datetime. */
function addClock(value: Typed, span: Typed, minus: boolean, place: Place): Typed {
  const kind = category(value.type);
  const scale = Math.max(value.type.scale ?? 0, scaleOf(span, place));
  if (kind === 'time')
    return typed(
      sql`max(-${maxTimeUs}, min(${maxTimeUs}, ${asTime(value)} ${minus ? '-' : '+'} ${asTime(span)}))`,
      time(scale),
    );
  const texts = kind === 'text' || isNumeric(kind);
  const given = texts ? clockGiven(value) : asDateTime(value);
  const sum = call('my_add_clock', given, asTime(span), raw(minus ? '1' : '0'), raw(texts ? '-1' : String(scale)));
  return texts ? typed(sum, varchar(29), { showsMoment: true }) : typed(sum, datetime(scale));
}
