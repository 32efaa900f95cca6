import { type Column, type Kind, plainLiteral, type Random } from './everyday-tables.ts';

export interface Expressions {
  column(): string;
  any(depth: number): string;
  of(kind: Kind, depth: number): string;
  condition(depth: number): string;
  aggregate(): string;
  aggregateCondition(): string;
}

/** What is searched for: a real server compares as many bytes, and finds no letter of another length. */
const plain = ["'a'", "'B'", "'bc'", "'x y'", "'%'"];

type Makers = readonly ((depth: number) => string)[];

/** Random expressions over these columns, typed. */
export function expressions(rnd: Random, columns: readonly Column[]): Expressions {
  const named = (kind: Kind) => columns.filter((column) => column.kind === kind);
  const leaf = (kind: Kind) => {
    const found = named(kind);
    return found.length && rnd.below(4) ? rnd.pick(found).name : typedLiteral(rnd, kind);
  };
  const of = (kind: Kind, depth: number): string => {
    if (depth <= 0 || rnd.one(3)) return leaf(kind);
    return rnd.one(4) ? choice(kind, depth - 1) : rnd.pick(makers[kind])(depth - 1);
  };
  const int = (depth: number) => of('int', depth);
  const text = (depth: number) => of('text', depth);
  const moment = (depth: number) => of(rnd.pick<Kind>(['date', 'datetime']), depth);
  const few = () => rnd.pick(['0', '1', '2', '3', '5', '-2']);
  const unit = () => rnd.pick(['DAY', 'MONTH', 'YEAR', 'WEEK', 'QUARTER']);
  const fine = () => rnd.pick(['HOUR', 'MINUTE', 'SECOND', 'DAY', 'MONTH', 'MICROSECOND']);

  const choice = (kind: Kind, depth: number): string =>
    rnd.pick([
      () => `CASE WHEN ${condition(depth)} THEN ${of(kind, depth)} ELSE ${of(kind, depth)} END`,
      () => `CASE ${int(0)} WHEN ${int(0)} THEN ${of(kind, depth)} WHEN 1 THEN ${of(kind, depth)} END`,
      () => `IF(${condition(depth)}, ${of(kind, depth)}, ${of(kind, depth)})`,
      () => `COALESCE(${of(kind, depth)}, ${of(kind, depth)})`,
      () => `IFNULL(${of(kind, depth)}, ${of(kind, depth)})`,
      () => (kind === 'json' ? leaf(kind) : `NULLIF(${of(kind, depth)}, ${of(kind, depth)})`),
      () =>
        kind === 'json' ? leaf(kind) : `${rnd.pick(['GREATEST', 'LEAST'])}(${of(kind, depth)}, ${of(kind, depth)})`,
    ])();

  const makers: Readonly<Record<Kind, Makers>> = {
    int: [
      (d) => `(${int(d)} ${rnd.pick(['+', '-', '*'])} ${int(d)})`,
      (d) => `(${int(d)} DIV ${int(d)})`,
      (d) => `(${int(d)} % ${int(d)})`,
      (d) => `MOD(${int(d)}, ${int(d)})`,
      (d) => `ABS(${int(d)})`,
      (d) => `SIGN(${int(d)})`,
      (d) => `FLOOR(${of('decimal', d)})`,
      (d) => `CEILING(${of('decimal', d)})`,
      (d) => `CHAR_LENGTH(${text(d)})`,
      (d) => `LENGTH(${text(d)})`,
      (d) => `LOCATE(${rnd.pick(plain)}, ${text(d)})`,
      (d) => `INSTR(${text(d)}, ${rnd.pick(plain)})`,
      (d) => `LOCATE(${rnd.pick(plain)}, ${text(d)}, ${few()})`,
      (d) => `STRCMP(${text(d)}, ${text(d)})`,
      (d) => `ASCII(${text(d)})`,
      (d) => `DATEDIFF(${moment(d)}, ${moment(d)})`,
      (d) => `TIMESTAMPDIFF(${rnd.one(2) ? unit() : fine()}, ${moment(d)}, ${moment(d)})`,
      (d) =>
        `${rnd.pick(['YEAR', 'MONTH', 'DAY', 'DAYOFWEEK', 'DAYOFYEAR', 'WEEKDAY', 'WEEK', 'QUARTER', 'TO_DAYS', 'YEARWEEK'])}(${moment(d)})`,
      (d) => `${rnd.pick(['HOUR', 'MINUTE', 'SECOND'])}(${of(rnd.pick<Kind>(['time', 'datetime']), d)})`,
      (d) => `EXTRACT(${rnd.pick(['YEAR', 'MONTH', 'DAY', 'YEAR_MONTH'])} FROM ${moment(d)})`,
      (d) =>
        `EXTRACT(${rnd.pick(['HOUR', 'MINUTE', 'SECOND', 'DAY_SECOND', 'HOUR_SECOND'])} FROM ${of('datetime', d)})`,
      () => `TIME_TO_SEC(${leaf('time')})`,
      (d) => `CAST(${of(rnd.pick<Kind>(['decimal', 'double', 'int']), d)} AS SIGNED)`,
      (d) => `(${condition(d)})`,
      (d) => `FIELD(COALESCE(${text(d)}, 'q'), ${rnd.pick(plain)}, 'q', 'abc')`,
      (d) => `INTERVAL(${int(d)}, 0, 5, 10)`,
    ],
    decimal: [
      (d) => `(${of('decimal', d)} ${rnd.pick(['+', '-'])} ${of(rnd.pick<Kind>(['decimal', 'int']), d)})`,
      () => `(${leaf('decimal')} * ${leaf(rnd.pick<Kind>(['decimal', 'int']))})`,
      () => `(${leaf('decimal')} / ${leaf(rnd.pick<Kind>(['decimal', 'int']))})`,
      () => `(${leaf('int')} / ${leaf('int')})`,
      (d) => `ROUND(${of('decimal', d)}, ${rnd.pick(['0', '1', '2', '-1'])})`,
      (d) => `TRUNCATE(${of('decimal', d)}, ${rnd.pick(['0', '1', '-1'])})`,
      () => `(ABS(${leaf('decimal')}) % ${leaf('decimal')})`,
      (d) => `ABS(${of('decimal', d)})`,
      (d) => `(- ${of('decimal', d)})`,
      (d) => `CAST(${of(rnd.pick<Kind>(['double', 'int']), d)} AS DECIMAL(10,2))`,
    ],
    double: [
      (d) =>
        `(${of('double', d)} ${rnd.pick(['+', '-'])} ${rnd.one(3) ? leaf('decimal') : of(rnd.pick<Kind>(['double', 'int']), d)})`,
      () => `(${leaf('double')} * ${leaf('int')})`,
      () => `(${leaf('double')} / ${leaf('double')})`,
      (d) => `(0e0 + ROUND(${of('double', d)}, ${rnd.pick(['0', '-1'])}))`,
      (d) => `(0e0 + TRUNCATE(${of('double', d)}, ${rnd.pick(['0', '-1'])}))`,
      (d) => `(0e0 + FLOOR(${of('double', d)}))`,
      () => `SQRT(${leaf('int')})`,
      () => `POW(${leaf('int')}, 2)`,
      (d) => `ABS(${of('double', d)})`,
    ],
    text: [
      (d) => `CONCAT(${text(d)}, ${of(rnd.pick<Kind>(['text', 'int', 'decimal', 'date', 'time', 'datetime']), d)})`,
      (d) => `CONCAT_WS('-', ${text(d)}, ${of(rnd.pick<Kind>(['text', 'int', 'double']), d)})`,
      (d) => `SUBSTRING(${text(d)}, ${few()})`,
      (d) => `SUBSTRING(${text(d)} FROM ${few()} FOR ${few()})`,
      (d) => `REPLACE(${text(d)}, ${text(0)}, ${text(0)})`,
      (d) =>
        `${rnd.pick(['LPAD', 'RPAD'])}(${text(d)}, ${rnd.pick(['0', '3', '8'])}, ${rnd.pick(["'*'", "'ab'", "' '"])})`,
      (d) => `${rnd.pick(['TRIM', 'LTRIM', 'RTRIM', 'UPPER', 'LOWER', 'REVERSE', 'HEX'])}(${text(d)})`,
      (d) => `TRIM(${rnd.pick(['LEADING', 'TRAILING', 'BOTH'])} 'a' FROM ${text(d)})`,
      (d) => `${rnd.pick(['LEFT', 'RIGHT'])}(${text(d)}, ${few()})`,
      (d) => `REPEAT(${text(d)}, ${rnd.pick(['0', '1', '2'])})`,
      (d) => `SUBSTRING_INDEX(${text(d)}, 'b', ${rnd.pick(['1', '-1', '2'])})`,
      (d) => `INSERT(${text(d)}, ${few()}, ${few()}, 'Q')`,
      (d) => `HEX(${int(d)})`,
      (d) => `CAST(${of(rnd.pick<Kind>(['int', 'decimal', 'date', 'datetime', 'time', 'double']), d)} AS CHAR)`,
      (d) =>
        `DATE_FORMAT(${moment(d)}, ${rnd.pick(["'%Y/%m/%d'", "'%W %M %e'", "'%H:%i:%s.%f'", "'%j %a %b'", "'%y%c%D'", "'%T %p %r %h'"])})`,
      (d) => `ELT(${int(d)}, ${text(0)}, ${text(0)})`,
      (d) => `DAYNAME(${moment(d)})`,
      () => `JSON_UNQUOTE(${leaf('json')})`,
      (d) => `FORMAT(${of('decimal', d)}, 2)`,
    ],
    date: [
      (d) => `DATE_ADD(${of('date', d)}, INTERVAL ${few()} ${unit()})`,
      (d) => `(${of('date', d)} - INTERVAL ${few()} ${unit()})`,
      (d) => `DATE(${of('datetime', d)})`,
      (d) => `LAST_DAY(${moment(d)})`,
      (d) => `CAST(${of('datetime', d)} AS DATE)`,
      () => `MAKEDATE(2024, ${leaf('int')})`,
    ],
    datetime: [
      (d) => `DATE_ADD(${of('datetime', d)}, INTERVAL ${few()} ${rnd.one(2) ? unit() : fine()})`,
      (d) => `(${of('datetime', d)} - INTERVAL '1:30' ${rnd.pick(['HOUR_MINUTE', 'MINUTE_SECOND'])})`,
      (d) => `CAST(${of('date', d)} AS DATETIME)`,
      (d) => `DATE_SUB(${of('datetime', d)}, INTERVAL '1 2' DAY_HOUR)`,
    ],
    time: [
      (d) => `TIME(${of('datetime', d)})`,
      () => `SEC_TO_TIME(${leaf('int')})`,
      () => `MAKETIME(${rnd.pick(['1', '12', '30'])}, 5, 7)`,
    ],
    json: [() => leaf('json')],
  };

  const compared = (depth: number): string => {
    const kind = rnd.pick<Kind>(['int', 'decimal', 'double', 'text', 'date', 'datetime', 'time']);
    return `${of(kind, depth)} ${rnd.pick(['=', '<>', '<', '<=', '>', '>=', '<=>'])} ${of(numeric(kind) ? rnd.pick<Kind>(['int', 'decimal', 'double']) : kind, depth)}`;
  };
  const numeric = (kind: Kind) => kind === 'int' || kind === 'decimal' || kind === 'double';
  const conditions: Makers = [
    compared,
    compared,
    compared,
    (d) => `(${condition(d)} ${rnd.pick(['AND', 'OR', 'XOR'])} ${condition(d)})`,
    (d) => `NOT (${condition(d)})`,
    (d) => `${rnd.pick(columns).name} IS ${rnd.pick(['', 'NOT '])}NULL${rnd.pick(['', ` AND ${condition(d)}`])}`,
    (d) =>
      `${text(d)} ${rnd.pick(['', 'NOT '])}LIKE ${rnd.pick(["'a%'", "'%b%'", "'_b%'", "'%'", "'a\\\\_b'", "'%E%'", "'ü%'"])}`,
    (d) =>
      `${text(d)} ${rnd.pick(['', 'NOT '])}REGEXP ${rnd.pick(["'^a'", "'b$'", "'[a-c]{2}'", "'a.*b'", "'^[0-9]+$'"])}`,
    (d) => {
      const kind = rnd.pick<Kind>(['int', 'decimal', 'text', 'date', 'datetime']);
      return `${of(kind, d)} ${rnd.pick(['', 'NOT '])}BETWEEN ${of(kind, 0)} AND ${of(kind, 0)}`;
    },
    (d) => {
      const kind = rnd.pick<Kind>(['int', 'decimal', 'text', 'date', 'datetime', 'double']);
      return `${of(kind, d)} ${rnd.pick(['', 'NOT '])}IN (${rnd.times(3, () => of(kind, 0)).join(', ')})`;
    },
    (d) => `${int(d)} IS ${rnd.pick(['', 'NOT '])}${rnd.pick(['TRUE', 'FALSE'])}`,
    () => `${rnd.pick(columns).name} <=> NULL`,
  ];
  const condition = (depth: number): string => (depth <= 0 ? compared(0) : rnd.pick(conditions)(depth - 1));

  const aggregate = (): string => {
    const number = rnd.pick<Kind>(['int', 'decimal', 'double']);
    const ordered = rnd.pick<Kind>(['int', 'decimal', 'double', 'date', 'datetime', 'time']);
    return rnd.pick([
      () => 'COUNT(*)',
      () => `COUNT(${any(1)})`,
      () => `COUNT(DISTINCT ${any(1)})`,
      () => `SUM(${number === 'double' ? leaf(number) : of(number, 1)})`,
      () => `AVG(${rnd.one(3) ? leaf('decimal') : of('int', 1)})`,
      () => `${rnd.pick(['MIN', 'MAX'])}(${of(ordered, 1)})`,
      () => `HEX(UPPER(${rnd.pick(['MIN', 'MAX'])}(${text(1)})))`,
      () => `SUM(DISTINCT ${leaf('int')})`,
      () => {
        const listed = leaf('int');
        return `GROUP_CONCAT(${listed} ORDER BY 0 + ${listed} SEPARATOR ';')`;
      },
      () => `SUM(${condition(1)})`,
      () => `BIT_OR(${leaf('int')})`,
    ])();
  };
  const any = (depth: number): string =>
    of(rnd.pick<Kind>(['int', 'int', 'decimal', 'double', 'text', 'text', 'date', 'datetime', 'time', 'json']), depth);
  return {
    column: () => rnd.pick(columns.filter(({ kind }) => kind !== 'json')).name,
    any,
    of,
    condition,
    aggregate,
    aggregateCondition: () =>
      rnd.pick([
        () => `COUNT(*) ${rnd.pick(['>', '=', '<='])} ${rnd.below(4)}`,
        () => `SUM(${leaf('int')}) > ${leaf('int').includes('.') ? 1 : rnd.below(9)}`,
        () => `MAX(${leaf('date')}) IS NOT NULL`,
      ])(),
  };
}

function typedLiteral(rnd: Random, kind: Kind): string {
  const text = plainLiteral(rnd, kind);
  if (rnd.one(12)) return 'NULL';
  if (kind === 'date') return `DATE ${text}`;
  if (kind === 'datetime') return `TIMESTAMP ${text}`;
  if (kind === 'time') return `TIME ${text}`;
  if (kind === 'decimal' && !text.includes('.')) return `${text}.0`;
  if (kind === 'double') return `${text}e0`;
  return text;
}
