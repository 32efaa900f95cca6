/**
 * The words views are written in, spelt out as SQLite text. Nothing here calls back into JavaScript per cell, except in
 * sessions whose zone has a name instead of an offset.
 *
 * Views may use these named parameters: `@tenantId`, `@timeZone`, `@nowUs`.
 */

/** How the session's zone is given: `+08:00`, or a name such as `Asia/Shanghai` or `SYSTEM`. */
export type ZoneKind = 'offset' | 'named';

/** For whom a column is written. */
export interface MacroTarget {
  readonly zoneKind: ZoneKind;
  /** The column's Oracle type in an Oracle tenant, null in MySQL mode. */
  readonly oracle: string | null;
}

type Macro = (target: MacroTarget, ...args: readonly string[]) => string;

const seconds = (us: string) => `(${us}) / 1000000`;
const fraction = (us: string) => `printf('.%06d', (${us}) % 1000000)`;
const format = `'%Y-%m-%d %H:%M:%S'`;
/** Times of Oracle mode that are text have whole seconds and this base, whatever the session's zone. */
const oracleZone = `'+08:00'`;

/** Local text of microseconds without the fraction. */
function localText(target: MacroTarget, us: string): string {
  return target.zoneKind === 'named'
    ? `ob_local((${us}), @timeZone)`
    : `strftime(${format}, ${seconds(us)}, 'unixepoch', @timeZone)`;
}

const macros: Readonly<Record<string, Macro>> = {
  /** Microseconds as a timestamp(6) in stored form, which is UTC: whoever reads the column converts. */
  ts: ({ oracle }, us) => {
    if (oracle === 'NUMBER(38)') return us!;
    if (oracle?.startsWith('VARCHAR2')) return `strftime(${format}, ${seconds(us!)}, 'unixepoch', ${oracleZone})`;
    return `(strftime(${format}, ${seconds(us!)}, 'unixepoch') || ${fraction(us!)})`;
  },
  /** Microseconds as a datetime(6) of the session. */
  local: (target, us) =>
    target.oracle?.startsWith('VARCHAR2')
      ? `strftime(${format}, ${seconds(us!)}, 'unixepoch', ${oracleZone})`
      : `(${localText(target, us!)} || ${fraction(us!)})`,
  /** An SCN as a datetime(6) of the session, cut to microseconds; NULL for 0. Nine digits in Oracle mode. */
  scn: (target, scn) => {
    const digits = target.oracle === 'TIMESTAMP(9)' ? `printf('.%09d', (${scn}) % 1000000000)` : null;
    const text = localText(target, `(${scn}) / 1000`);
    return `CASE WHEN (${scn}) > 0 THEN ${text} || ${digits ?? fraction(`(${scn}) / 1000`)} END`;
  },
  /** Bytes with unit, MB at least. */
  bytes: (_, bytes) => {
    const steps = [30, 40, 50].map((power, i) => {
      const unit = ['MB', 'GB', 'TB'][i];
      return `WHEN (${bytes}) < ${2 ** power} THEN printf('%.2f${unit}', (${bytes}) / ${2 ** (power - 10)}.0)`;
    });
    return `CASE WHEN (${bytes}) IS NULL THEN NULL ${steps.join(' ')} ELSE printf('%.2fPB', (${bytes}) / ${2 ** 50}.0) END`;
  },
  /** Output divided by input, two decimals, 0 without input. */
  ratio: (_, output, input) => `CASE WHEN (${input}) = 0 THEN 0 ELSE round((${output}) * 1.0 / (${input}), 2) END`,
  /** Bytes per second over the exact duration, 0 until the end. */
  rate: (_, bytes, start, end) =>
    `CASE WHEN (${end}) > (${start}) THEN round((${bytes}) * 1000000.0 / ((${end}) - (${start})), 4) ELSE 0 END`,
  /** Whole seconds, rounded, 0 until the end. */
  seconds: (_, start, end) =>
    `CASE WHEN (${end}) IS NULL THEN 0 ELSE CAST(round(((${end}) - (${start})) / 1000000.0) AS INTEGER) END`,
  /** Percentage, rounded; 0 without a total, 99.99 beyond it. */
  percent: (_, done, total) =>
    `CASE WHEN (${total}) = 0 THEN 0 WHEN (${done}) > (${total}) THEN 99.99 ELSE round((${done}) * 100.0 / (${total}), 2) END`,
  /** Percentage, truncated; 100 when there is nothing to do. */
  share: (_, done, total) =>
    `CASE WHEN (${done}) >= (${total}) THEN 100 WHEN (${done}) <= 0 THEN 0 ELSE CAST((${done}) * 10000.0 / (${total}) AS INTEGER) / 100.0 END`,
  yesno: (_, flag) => `CASE WHEN ${flag} THEN 'YES' ELSE 'NO' END`,
  onoff: (_, flag) => `CASE WHEN ${flag} THEN 'ON' ELSE 'OFF' END`,
  /** The present SCN: what a live primary tenant has reached. */
  now: () => '(CAST(@nowUs AS INTEGER) * 1000)',
};

/** Microseconds since 1970 UTC behind the macros that show a moment; NULL where they give NULL. */
const momentMacros: Readonly<Record<string, (argument: string) => string>> = {
  ts: (us) => us,
  local: (us) => us,
  scn: (scn) => `CASE WHEN (${scn}) > 0 THEN (${scn}) / 1000 END`,
};

/** The microseconds of an expression that is a moment and nothing else, in MySQL mode; null for every other expression. */
export function momentOf(expression: string, target: MacroTarget): string | null {
  const start = /^\$([a-z]+)\(/.exec(expression);
  const macro = start === null ? undefined : momentMacros[start[1]!];
  if (start === null || macro === undefined || target.oracle !== null) return null;
  const { args, end } = readArguments(expression, start[0].length);
  return end === expression.length && args.length === 1 ? macro(expandMacros(args[0]!, target)) : null;
}

/** Replaces every `$name(arguments)`; arguments may hold macros themselves. Throws for an unknown macro. */
export function expandMacros(expression: string, target: MacroTarget): string {
  const start = /\$([a-z]+)\(/.exec(expression);
  if (!start) return expression;
  const macro = macros[start[1]!];
  if (!macro) throw new Error(`unknown macro $${start[1]} in ${expression}`);
  const open = start.index + start[0].length;
  const { args, end } = readArguments(expression, open);
  const expanded = macro(target, ...args.map((arg) => expandMacros(arg, target)));
  return `${expression.slice(0, start.index)}${expanded}${expandMacros(expression.slice(end), target)}`;
}

function readArguments(text: string, open: number): { readonly args: readonly string[]; readonly end: number } {
  const args: string[] = [];
  let depth = 0;
  let from = open;
  for (let i = open; i < text.length; i++) {
    const sign = text[i];
    if (sign === '(') depth++;
    else if (sign === ',' && depth === 0) {
      args.push(text.slice(from, i).trim());
      from = i + 1;
    } else if (sign === ')') {
      if (depth === 0) {
        const last = text.slice(from, i).trim();
        if (last || args.length) args.push(last);
        return { args, end: i + 1 };
      }
      depth--;
    }
  }
  throw new Error(`unclosed macro in ${text}`);
}
