/** A MySQL string literal. */
export function quoteSqlText(text: string): string {
  return `'${text.replace(/['\\\n\r\0]/g, (sign) => escapes[sign]!)}'`;
}

const escapes: Readonly<Record<string, string>> = {
  "'": "''",
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\0': '\\0',
};

/** A MySQL name in backquotes. */
export function backquote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
