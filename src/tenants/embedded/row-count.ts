import { faultText } from '../../base/errors.ts';
import type { Connection } from './connection.ts';

/** OB_ERR_UNEXPECTED unless that many rows are in the table: a copy takes its place only with all of them. `table` is quoted. */
export function requireAllRows(connection: Connection, table: string, copied: number): void {
  const rows = connection.prepare(`SELECT count(*) FROM ${table}`).pluck().get();
  if (rows !== copied) throw faultText('OB_ERR_UNEXPECTED', `${copied} of ${rows} rows were copied`);
}
