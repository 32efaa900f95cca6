/** The tables the soup is made of. */
export const soupTables: readonly string[] = [
  "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, a INT, b VARCHAR(20), c DECIMAL(10,2), d DATE, e DATETIME, f DOUBLE, g JSON, h ENUM('x','y'), i BIGINT UNSIGNED, j VARBINARY(10), k TIME, KEY ka (a))",
  `INSERT INTO t (a,b,c,d,e,f,g,h,i,j,k) VALUES
    (1,'x',1.5,'2020-01-01','2020-01-01 10:00:00',1.5,'{"a":1}','x',5,'ab','10:00:00'),
    (2,'é',2.5,'2020-01-02','2020-01-01 11:00:00',2.5,'[1]','y',6,'cd','11:00:00'),
    (NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL)`,
  'CREATE TABLE s (id INT PRIMARY KEY, a INT, b VARCHAR(20))',
  "INSERT INTO s VALUES (1,1,'x'),(2,2,'y')",
];

/** Statements that are right by grammar and mostly wrong by meaning, the same ones for the same seed. */
export function statementSoup(seed: number): () => string {
  let state = seed;
  const rnd = (n: number) => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return (state >> 8) % n;
  };
  const pick = <T>(l: readonly T[]): T => l[rnd(l.length)]!;
  const col = () => pick(['id', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k']);
  const lit = () =>
    pick([
      '1',
      '0',
      'NULL',
      "'x'",
      '2.5',
      "'2020-01-01'",
      '1e3',
      "x'41'",
      '-1',
      '18446744073709551615',
      "''",
      'TRUE',
      "DATE '2020-01-01'",
      '9223372036854775807',
      '@v',
      "_binary'a'",
    ]);
  const agg = (d: number) =>
    `${pick(['SUM', 'COUNT', 'MIN', 'MAX', 'AVG', 'GROUP_CONCAT', 'BIT_OR', 'STDDEV', 'JSON_ARRAYAGG'])}(${pick(['', '', 'DISTINCT '])}${expr(d - 1, false)})`;
  const win = (d: number) =>
    `${pick(['ROW_NUMBER()', 'RANK()', `LAG(${col()})`, `SUM(${col()})`, `FIRST_VALUE(${col()})`, 'NTILE(2)', `MAX(${expr(d - 1, false)})`])} OVER (${pick(['', `PARTITION BY ${col()}`])} ${pick(['', `ORDER BY ${expr(d - 1, false)}`])}${pick(['', '', ' ROWS BETWEEN 1 PRECEDING AND CURRENT ROW'])})`;
  const sub = (d: number, n = 1) => {
    const items = Array.from({ length: n }, () => (rnd(5) === 0 ? agg(1) : expr(d - 1, false))).join(', ');
    return `(SELECT ${items} FROM ${pick(['t', 's', 't x', 'DUAL'])}${pick(['', ` WHERE ${expr(d - 1, false)}`, ' GROUP BY 1', ' ORDER BY 1', ' LIMIT 1', ` HAVING ${expr(d - 1, true)}`])})`;
  };
  function expr(d: number, ag: boolean): string {
    if (d <= 0) return rnd(2) ? col() : lit();
    switch (rnd(24)) {
      case 0:
      case 1:
        return `(${expr(d - 1, ag)} ${pick(['+', '-', '*', '/', 'DIV', '%', '&', '|', '<<', '^'])} ${expr(d - 1, ag)})`;
      case 2:
      case 3:
        return `(${expr(d - 1, ag)} ${pick(['=', '<', '>=', '<>', '<=>'])} ${expr(d - 1, ag)})`;
      case 4:
        return `(${expr(d - 1, ag)} ${pick(['>', '=', '<=', '<>'])} ${pick(['ALL', 'ANY', 'SOME'])} ${sub(d)})`;
      case 5:
        return `(${expr(d - 1, ag)} ${pick(['IN', 'NOT IN'])} ${sub(d)})`;
      case 6:
        return `(${expr(d - 1, ag)} IN (${expr(d - 1, ag)}, ${lit()}))`;
      case 7:
        return `EXISTS ${sub(d)}`;
      case 8:
        return sub(d);
      case 9:
        return `(${expr(d - 1, ag)}, ${expr(d - 1, ag)}) ${pick(['=', 'IN', '<'])} ${rnd(2) ? sub(d, 2) : `((${expr(0, ag)}, ${expr(0, ag)}))`}`
          .replace(/= \(\((.*)\)\)$/, '= ($1)')
          .replace(/< \(\((.*)\)\)$/, '< ($1)');
      case 10:
        return `CASE ${rnd(2) ? expr(d - 1, ag) : ''} WHEN ${expr(d - 1, ag)} THEN ${expr(d - 1, ag)} ELSE ${expr(0, ag)} END`;
      case 11:
        return `${pick(['IFNULL', 'NULLIF', 'COALESCE', 'GREATEST', 'LEAST', 'CONCAT', 'IF(1,', 'STRCMP', 'LEFT', 'ROUND', 'POW', 'MOD', 'DATEDIFF', 'INSTR', 'REPEAT', 'FORMAT', 'TIMEDIFF', 'JSON_EXTRACT', 'CONCAT_WS', 'FIND_IN_SET', 'DATE_FORMAT', 'TRUNCATE', 'ATAN2', 'JSON_CONTAINS', 'ADDTIME'])}(${expr(d - 1, ag)}, ${expr(d - 1, ag)})`.replace(
          'IF(1,(',
          'IF(1,',
        );
      case 12:
        return `${pick(['ABS', 'UPPER', 'LENGTH', 'HEX', 'YEAR', 'DATE', 'FLOOR', 'SQRT', 'TRIM', 'JSON_LENGTH', 'LAST_DAY', 'MD5', 'BIN', 'UNHEX', 'CHAR', 'SEC_TO_TIME', 'FROM_DAYS', 'FROM_UNIXTIME', 'UNIX_TIMESTAMP', 'JSON_KEYS', 'SPACE', 'SIGN', 'CRC32', 'INET_ATON', 'EXP', 'LN', 'TO_DAYS', 'WEEK', 'BIT_COUNT'])}(${expr(d - 1, ag)})`;
      case 13:
        return `CAST(${expr(d - 1, ag)} AS ${pick(['SIGNED', 'UNSIGNED', 'CHAR', 'DECIMAL(10,3)', 'DATE', 'DATETIME', 'TIME', 'BINARY', 'JSON', 'DOUBLE'])})`;
      case 14:
        return `(${expr(d - 1, ag)} BETWEEN ${expr(d - 1, ag)} AND ${expr(d - 1, ag)})`;
      case 15:
        return `(${expr(d - 1, ag)} ${pick(['LIKE', 'NOT LIKE', 'REGEXP', 'SOUNDS LIKE'])} ${expr(d - 1, ag)})`;
      case 16:
        return `(${expr(d - 1, ag)} IS ${pick(['NULL', 'NOT NULL', 'TRUE', 'UNKNOWN'])})`;
      case 17:
        return `(${expr(d - 1, ag)} ${pick(['AND', 'OR', 'XOR'])} ${expr(d - 1, ag)})`;
      case 18:
        return `${pick(['NOT ', '-', '~', 'BINARY ', '!'])}(${expr(d - 1, ag)})`;
      case 19:
        return `(${col()} ${pick(['+', '-'])} INTERVAL ${expr(0, false)} ${pick(['DAY', 'HOUR', 'MONTH', 'MICROSECOND', 'YEAR'])})`;
      case 20:
        return ag ? agg(d) : col();
      case 21:
        return ag ? win(d) : lit();
      case 22:
        return `(${expr(d - 1, ag)} COLLATE utf8mb4_bin)`;
      default:
        return col();
    }
  }
  const from = (d: number) =>
    pick([
      't',
      't',
      's',
      't JOIN s USING (id)',
      't x LEFT JOIN s ON x.id = s.id',
      `(SELECT ${col()} AS id, ${col()} AS a, b FROM t) q`,
      's NATURAL JOIN t',
      `t RIGHT JOIN s ON ${expr(d - 1, false)}`,
    ]);
  const select = (d: number): string => {
    const ag = rnd(2) === 0;
    return `${rnd(8) === 0 ? `WITH w AS (SELECT * FROM s) ` : ''}SELECT ${pick(['', '', 'DISTINCT ', 'SQL_CALC_FOUND_ROWS '])}${Array.from({ length: 1 + rnd(2) }, () => expr(d, ag)).join(', ')}${rnd(10) ? ` FROM ${from(d)}` : ''}${rnd(2) ? ` WHERE ${expr(d, false)}` : ''}${rnd(3) ? '' : ` GROUP BY ${expr(d - 1, false)}${pick(['', '', ' WITH ROLLUP'])}`}${rnd(3) ? '' : ` HAVING ${expr(d, true)}`}${rnd(3) ? '' : ` ORDER BY ${expr(d, ag)} ${pick(['', 'DESC'])}`}${rnd(4) ? '' : ' LIMIT 5'}`;
  };
  const statement = (d: number): string => {
    switch (rnd(12)) {
      case 0:
        return `${select(d)} ${pick(['UNION', 'UNION ALL', 'INTERSECT', 'EXCEPT'])} ${select(d)}`.replace(
          /WITH w AS \(SELECT \* FROM s\) /g,
          '',
        );
      case 1:
        return `UPDATE t SET ${col()} = ${expr(d, false)} WHERE ${expr(d, false)}`;
      case 2:
        return `DELETE FROM t WHERE ${expr(d, false)} AND id > 3`;
      case 3:
        return `INSERT INTO t (${col()}) VALUES (${expr(d, false)})`;
      case 4:
        return `INSERT INTO s (id, a) ${select(d)}`;
      case 5:
        return `SET @v = ${expr(d, false)}`;
      case 6:
        return `EXPLAIN ${select(d)}`;
      case 7:
        return `CREATE TABLE z${rnd(1e9)} AS ${select(d)}`;
      case 8:
        return `ALTER TABLE s ${pick([`ADD CHECK (${expr(d, false)})`, `ADD COLUMN x${rnd(1e6)} INT AS (${expr(d, false)})`, `ADD COLUMN y${rnd(1e6)} VARCHAR(10) DEFAULT ${lit()}`, `MODIFY b ${pick(['INT', 'DATE', 'VARCHAR(2)', 'BLOB'])}`])}`;
      default:
        return select(d);
    }
  };
  return () => statement(1 + rnd(3));
}
