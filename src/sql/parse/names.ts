import type { ObjectName } from '../ast/name.ts';
import { OPERATOR, QUOTED, STRING, WORD } from '../scan/scanner.ts';
import type { Cursor } from './cursor.ts';

/** Words MySQL 5.7 reserves: they name nothing without backquotes. */
export const reservedWords: ReadonlySet<string> = new Set(
  (
    'ACCESSIBLE ADD ALL ALTER ANALYZE AND AS ASC ASENSITIVE BEFORE BETWEEN BIGINT BINARY BLOB BOTH BY CALL CASCADE CASE ' +
    'CHANGE CHAR CHARACTER CHECK COLLATE COLUMN CONDITION CONSTRAINT CONTINUE CONVERT CREATE CROSS CURRENT_DATE ' +
    'CURRENT_TIME CURRENT_TIMESTAMP CURRENT_USER CURSOR DATABASE DATABASES DAY_HOUR DAY_MICROSECOND DAY_MINUTE ' +
    'DAY_SECOND DEC DECIMAL DECLARE DEFAULT DELAYED DELETE DESC DESCRIBE DETERMINISTIC DISTINCT DISTINCTROW DIV DOUBLE ' +
    'DROP DUAL EACH ELSE ELSEIF ENCLOSED ESCAPED EXISTS EXIT EXPLAIN FALSE FETCH FLOAT FLOAT4 FLOAT8 FOR FORCE FOREIGN ' +
    'FROM FULLTEXT GENERATED GET GRANT GROUP HAVING HIGH_PRIORITY HOUR_MICROSECOND HOUR_MINUTE HOUR_SECOND IF IGNORE IN ' +
    'INDEX INFILE INNER INOUT INSENSITIVE INSERT INT INT1 INT2 INT3 INT4 INT8 INTEGER INTERVAL INTO IO_AFTER_GTIDS ' +
    'IO_BEFORE_GTIDS IS ITERATE JOIN KEY KEYS KILL LEADING LEAVE LEFT LIKE LIMIT LINEAR LINES LOAD LOCALTIME ' +
    'LOCALTIMESTAMP LOCK LONG LONGBLOB LONGTEXT LOOP LOW_PRIORITY MASTER_BIND MASTER_SSL_VERIFY_SERVER_CERT MATCH ' +
    'MAXVALUE MEDIUMBLOB MEDIUMINT MEDIUMTEXT MIDDLEINT MINUTE_MICROSECOND MINUTE_SECOND MOD MODIFIES NATURAL NOT ' +
    'NO_WRITE_TO_BINLOG NULL NUMERIC ON OPTIMIZE OPTIMIZER_COSTS OPTION OPTIONALLY OR ORDER OUT OUTER OUTFILE PARTITION ' +
    'PRECISION PRIMARY PROCEDURE PURGE RANGE READ READS READ_WRITE REAL REFERENCES REGEXP RELEASE RENAME REPEAT REPLACE ' +
    'REQUIRE RESIGNAL RESTRICT RETURN REVOKE RIGHT RLIKE SCHEMA SCHEMAS SECOND_MICROSECOND SELECT SENSITIVE SEPARATOR SET ' +
    'SHOW SIGNAL SMALLINT SPATIAL SPECIFIC SQL SQLEXCEPTION SQLSTATE SQLWARNING SQL_BIG_RESULT SQL_CALC_FOUND_ROWS ' +
    'SQL_SMALL_RESULT SSL STARTING STORED STRAIGHT_JOIN TABLE TERMINATED THEN TINYBLOB TINYINT TINYTEXT TO TRAILING ' +
    'TRIGGER TRUE UNDO UNION UNIQUE UNLOCK UNSIGNED UPDATE USAGE USE USING UTC_DATE UTC_TIME UTC_TIMESTAMP VALUES ' +
    'VARBINARY VARCHAR VARCHARACTER VARYING VIRTUAL WHEN WHERE WHILE WITH WRITE XOR YEAR_MONTH ZEROFILL'
  ).split(' '),
);

export function isName(c: Cursor, distance = 0): boolean {
  const token = c.peek(distance);
  return token.kind === QUOTED || (token.kind === WORD && !reservedWords.has(token.text));
}

/** The name at the cursor as typed. */
export function name(c: Cursor): string {
  if (!isName(c)) c.fail();
  return anyName(c);
}

/** A name behind a dot; reserved words are names there too when they follow at once. */
export function afterDot(c: Cursor): string {
  return c.peek().start === c.lastEnd ? anyName(c) : name(c);
}

/** Any word or quoted name as typed. */
export function anyName(c: Cursor): string {
  const token = c.peek();
  if (token.kind !== QUOTED && token.kind !== WORD) c.fail();
  if (token.kind === QUOTED && token.text === '') c.fail();
  c.next();
  return token.kind === QUOTED ? token.text : c.text.slice(token.start, token.end);
}

/** A name or a string in its place (charset names, engines, aliases, savepoints never). */
export function nameOrString(c: Cursor): string {
  return c.peek().kind === STRING ? c.takeString() : name(c);
}

/** The same with BINARY and other reserved words allowed: charset and collation names. */
export function charsetName(c: Cursor): string {
  if (c.accept('BINARY')) return 'binary';
  return nameOrString(c).toLowerCase();
}

/** `name` or `schema.name`. */
export function objectName(c: Cursor): ObjectName {
  const first = name(c);
  if (!c.acceptSign('.')) return { schema: null, name: first };
  return { schema: first, name: afterDot(c) };
}

/** Parenthesised list of names. */
export function nameList(c: Cursor): string[] {
  c.expectSign('(');
  const names = [name(c)];
  while (c.acceptSign(',')) names.push(name(c));
  c.expectSign(')');
  return names;
}

export function isSignToken(token: { readonly kind: number; readonly text: string }, sign: string): boolean {
  return token.kind === OPERATOR && token.text === sign;
}
