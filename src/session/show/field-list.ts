import type { ResultColumn } from '../../value/column-type.ts';
import type { MaybePromise } from '../client.ts';
import { forwardedColumns } from '../engine-statements.ts';
import { likeToPattern } from '../host-pattern.ts';
import { catalogQueries } from '../queries.ts';
import { isOfServer } from '../query-place.ts';
import type { SessionContext } from '../session-context.ts';
import { describedTable } from './view-rows.ts';

/** Columns of views as COM_FIELD_LIST gives them: clients ask for all of them when they start. */
const lists = new WeakMap<object, readonly ResultColumn[]>();

/** COM_FIELD_LIST: the columns of a table or view whose names fit a pattern. */
export function fieldList(
  table: string,
  wildcard: string,
  session: SessionContext,
): MaybePromise<readonly ResultColumn[]> {
  const { state, host } = session;
  if (!isOfServer({ schema: null, name: table }, catalogQueries(host).provider(state), state))
    return ofTable(table, wildcard, session);
  const view = describedTable(null, table, session);
  let list = lists.get(view);
  if (!list) {
    list = view.columns.map(({ name, type, nullable }) => ({
      label: name,
      type,
      schema: view.schema,
      table: view.name,
      orgTable: view.name,
      orgName: name,
      notNull: !nullable,
    }));
    lists.set(view, list);
  }
  return matching(list, wildcard);
}

async function ofTable(table: string, wildcard: string, session: SessionContext): Promise<readonly ResultColumn[]> {
  const text = `SELECT * FROM \`${table.replaceAll('`', '``')}\``;
  return matching(await forwardedColumns(text, session), wildcard);
}

function matching(columns: readonly ResultColumn[], wildcard: string): readonly ResultColumn[] {
  if (wildcard === '' || wildcard === '%') return columns;
  const pattern = likeToPattern(wildcard);
  return columns.filter(({ label }) => pattern.test(label));
}
