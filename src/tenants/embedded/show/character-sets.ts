import type { Cell } from '../../../value/column-type.ts';

const sets: readonly (readonly [name: string, collation: string, description: string, maxBytes: number])[] = [
  ['binary', 'binary', 'Binary pseudo charset', 1],
  ['gb18030', 'gb18030_chinese_ci', 'GB18030 charset', 4],
  ['gbk', 'gbk_chinese_ci', 'GBK charset', 2],
  ['latin1', 'latin1_swedish_ci', 'cp1252 West European', 1],
  ['utf8mb4', 'utf8mb4_general_ci', 'UTF-8 Unicode', 4],
];

const collations: readonly (readonly [name: string, set: string, id: number, isDefault: boolean])[] = [
  ['binary', 'binary', 63, true],
  ['gb18030_bin', 'gb18030', 249, false],
  ['gb18030_chinese_ci', 'gb18030', 248, true],
  ['gbk_bin', 'gbk', 87, false],
  ['gbk_chinese_ci', 'gbk', 28, true],
  ['latin1_bin', 'latin1', 47, false],
  ['latin1_swedish_ci', 'latin1', 8, true],
  ['utf8mb4_bin', 'utf8mb4', 46, false],
  ['utf8mb4_general_ci', 'utf8mb4', 45, true],
  ['utf8mb4_unicode_ci', 'utf8mb4', 224, false],
];

/** Rows of CHARACTER_SETS: name, collation, description, bytes. */
export function charsetRows(): readonly (readonly Cell[])[] {
  return sets;
}

/** Rows of COLLATIONS and SHOW COLLATION. */
export function collationRows(): readonly (readonly Cell[])[] {
  return collations.map(([name, set, id, isDefault]) => [name, set, id, isDefault ? 'Yes' : '', 'Yes', 1]);
}

/** The one engine clients see. */
export const engineRow: readonly Cell[] = ['OceanBase', 'YES', 'Supports transactions', 'YES', 'NO', 'YES'];
