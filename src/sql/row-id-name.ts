const names = ['rowid', '_rowid_', 'oid'] as const;

/** The name under which SQLite's row id of a table is reached: a column may have one of its names. Null when columns have all. */
export function rowIdName(columns: readonly { readonly name: string }[]): string | null {
  const taken = new Set(columns.map(({ name }) => name.toLowerCase()));
  return names.find((name) => !taken.has(name)) ?? null;
}
