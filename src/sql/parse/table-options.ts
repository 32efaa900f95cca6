import type { TableOptions } from '../ast/definition.ts';
import { OPERATOR, WORD } from '../scan/scanner.ts';
import type { Cursor } from './cursor.ts';

/** Options written as `name [=] value`, MySQL's, MariaDB's dumps' and OceanBase's. */
const known: ReadonlySet<string> = new Set(
  (
    'ENGINE TYPE AUTO_INCREMENT AVG_ROW_LENGTH CHARSET COLLATE CHECKSUM TABLE_CHECKSUM COMMENT COMPRESSION CONNECTION ' +
    'DELAY_KEY_WRITE ENCRYPTION INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS PACK_KEYS PASSWORD ROW_FORMAT ' +
    'STATS_AUTO_RECALC STATS_PERSISTENT STATS_SAMPLE_PAGES TABLESPACE PAGE_CHECKSUM TRANSACTIONAL REPLICA_NUM BLOCK_SIZE ' +
    'USE_BLOOM_FILTER TABLET_SIZE PCTFREE PRIMARY_ZONE TABLEGROUP LOCALITY DUPLICATE_SCOPE PROGRESSIVE_MERGE_NUM ' +
    'STORAGE_FORMAT_VERSION TABLE_MODE EXPIRE_INFO PARALLEL AUTO_INCREMENT_MODE LOB_INROW_THRESHOLD'
  ).split(' '),
);

/** Options up to the first word that is none; commas between them are optional. */
export function tableOptions(c: Cursor): TableOptions {
  const options: Record<string, string> = {};
  while (tableOption(c, options)) c.acceptSign(',');
  return options;
}

/** Takes one option; false when there is none. */
export function tableOption(c: Cursor, options: Record<string, string>): boolean {
  const charset = c.is('DEFAULT') ? 1 : 0;
  if (c.is('CHARACTER', charset) || c.is('CHAR', charset)) {
    for (let at = 0; at <= charset; at++) c.next();
    c.expect('SET');
    options['charset'] = value(c).toLowerCase();
    return true;
  }
  if (c.is('DATA') || c.is('INDEX')) {
    if (!c.is('DIRECTORY', 1)) return false;
    const which = c.next().text.toLowerCase();
    c.next();
    options[`${which} directory`] = value(c);
    return true;
  }
  if (!c.isAny(known, charset) || (charset === 1 && !c.is('CHARSET', 1) && !c.is('COLLATE', 1))) return false;
  if (charset === 1) c.next();
  const word = c.next().text.toLowerCase();
  const text = value(c);
  options[word] = word === 'charset' || word === 'collate' ? text.toLowerCase() : text;
  return true;
}

function value(c: Cursor): string {
  c.acceptSign('=');
  if (c.isLiteral()) return c.takeFixed().text;
  const token = c.peek();
  if (token.kind === OPERATOR || token.text === '') c.fail();
  c.next();
  return token.kind === WORD ? c.text.slice(token.start, token.end) : token.text;
}
