import { fault } from '../base/errors.ts';

/** The modes in the order of their bits; a mode set by number counts from 1. Null: the bit is not used. */
const modes: readonly (string | null)[] = [
  'REAL_AS_FLOAT',
  'PIPES_AS_CONCAT',
  'ANSI_QUOTES',
  'IGNORE_SPACE',
  null,
  'ONLY_FULL_GROUP_BY',
  'NO_UNSIGNED_SUBTRACTION',
  'NO_DIR_IN_CREATE',
  'POSTGRESQL',
  'ORACLE',
  'MSSQL',
  'DB2',
  'MAXDB',
  'NO_KEY_OPTIONS',
  'NO_TABLE_OPTIONS',
  'NO_FIELD_OPTIONS',
  'MYSQL323',
  'MYSQL40',
  'ANSI',
  'NO_AUTO_VALUE_ON_ZERO',
  'NO_BACKSLASH_ESCAPES',
  'STRICT_TRANS_TABLES',
  'STRICT_ALL_TABLES',
  'NO_ZERO_IN_DATE',
  'NO_ZERO_DATE',
  'ALLOW_INVALID_DATES',
  'ERROR_FOR_DIVISION_BY_ZERO',
  'TRADITIONAL',
  'NO_AUTO_CREATE_USER',
  'HIGH_NOT_PRECEDENCE',
  'NO_ENGINE_SUBSTITUTION',
  'PAD_CHAR_TO_FULL_LENGTH',
];

const foreign = [
  'PIPES_AS_CONCAT',
  'ANSI_QUOTES',
  'IGNORE_SPACE',
  'NO_KEY_OPTIONS',
  'NO_TABLE_OPTIONS',
  'NO_FIELD_OPTIONS',
];

/** Modes that stand for others as well. */
const bundles: Readonly<Record<string, readonly string[]>> = {
  ANSI: ['REAL_AS_FLOAT', 'PIPES_AS_CONCAT', 'ANSI_QUOTES', 'IGNORE_SPACE', 'ONLY_FULL_GROUP_BY'],
  TRADITIONAL: [
    'STRICT_TRANS_TABLES',
    'STRICT_ALL_TABLES',
    'NO_ZERO_IN_DATE',
    'NO_ZERO_DATE',
    'ERROR_FOR_DIVISION_BY_ZERO',
    'NO_AUTO_CREATE_USER',
    'NO_ENGINE_SUBSTITUTION',
  ],
  ORACLE: [...foreign, 'NO_AUTO_CREATE_USER'],
  MAXDB: [...foreign, 'NO_AUTO_CREATE_USER'],
  POSTGRESQL: foreign,
  MSSQL: foreign,
  DB2: foreign,
};

/** sql_mode as stored: canonical names in canonical order, bundles spelled out. Takes text or bits; throws 1231. */
export function foldSqlMode(given: string | number | bigint): string {
  const chosen = typeof given === 'string' ? namesOf(given) : namesOfBits(given);
  for (const name of [...chosen]) for (const more of bundles[name] ?? []) chosen.add(more);
  return modes.filter((mode) => mode !== null && chosen.has(mode)).join(',');
}

function namesOf(text: string): Set<string> {
  const names = text.split(',').map((name) => name.trim().toUpperCase());
  const chosen = new Set(names.filter((name) => name !== ''));
  for (const name of chosen) if (!modes.includes(name)) throw fault('OB_ERR_WRONG_VALUE_FOR_VAR', 'sql_mode', name);
  return chosen;
}

function namesOfBits(given: number | bigint): Set<string> {
  if (typeof given === 'number' && !Number.isInteger(given)) throw fault('ER_WRONG_TYPE_FOR_VAR', 'sql_mode');
  const bits = BigInt(given);
  if (bits < 0n || bits >= 1n << BigInt(modes.length)) throw fault('OB_ERR_WRONG_VALUE_FOR_VAR', 'sql_mode', given);
  const chosen = new Set<string>();
  modes.forEach((mode, bit) => {
    if (mode !== null && (bits >> BigInt(bit)) & 1n) chosen.add(mode);
  });
  return chosen;
}
