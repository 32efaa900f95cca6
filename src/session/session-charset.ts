/** The collation a character set has when none is named. */
export function defaultCollation(charset: string): string {
  return collations[charset] ?? `${charset}_general_ci`;
}

const collations: Readonly<Record<string, string>> = {
  utf8mb4: 'utf8mb4_general_ci',
  utf8: 'utf8_general_ci',
  binary: 'binary',
  ascii: 'ascii_general_ci',
  latin1: 'latin1_swedish_ci',
  gbk: 'gbk_chinese_ci',
  gb2312: 'gb2312_chinese_ci',
  gb18030: 'gb18030_chinese_ci',
  big5: 'big5_chinese_ci',
};

/** The character set a collation belongs to. */
export function charsetOfCollation(collation: string): string {
  const name = collation.toLowerCase();
  if (name === 'binary') return name;
  const cut = name.indexOf('_');
  return cut < 0 ? name : name.slice(0, cut);
}
