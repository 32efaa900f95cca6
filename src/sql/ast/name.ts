/** `db.name`; `schema` is null when not given. Case is kept as typed. */
export interface ObjectName {
  readonly schema: string | null;
  readonly name: string;
}
