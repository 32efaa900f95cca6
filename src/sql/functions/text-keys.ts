import type { Database } from 'better-sqlite3';
import { fault } from '../../base/errors.ts';
import { foldGeneral, generalKey, withoutPad } from '../../value/general-ci.ts';

/** Between the key of a text and the text itself, where the smallest of both is looked for. */
const keyEnd = '\0';

/**
 * Functions indexes and plans compare texts by; they need no statement, and every connection to a tenant's file must have
 * them. `ob_key`: what a text sorts by and equals by. `ob_weights`: the same with trailing blanks, for LIKE. `ob_unkey`:
 * the text of `key || char(0) || text`. `ob_plain`: the text, or 1235 when SQLite's NOCASE (second argument 0) or its
 * BINARY (1) would not compare it as MySQL does.
 */
export function registerTextKeys(db: Database): void {
  const options = { deterministic: true };
  const ofText = (work: (text: string) => string) => (value: unknown) =>
    typeof value === 'string' ? work(value) : value;
  db.function('ob_key', options, ofText(generalKey));
  db.function('ob_weights', options, ofText(foldGeneral));
  db.function('ob_unkey', options, ofText(textOfKeyed));
  db.function('ob_plain', options, (value: unknown, binary: unknown) => {
    if (typeof value === 'string') requirePlain(value, Number(binary) !== 0);
    return value;
  });
}

/** A text may hold the mark itself: it is the place whose rest has the key in front of it. */
function textOfKeyed(keyed: string): string {
  let at = keyed.indexOf(keyEnd);
  while (at >= 0) {
    const text = keyed.slice(at + 1);
    const key = keyed.slice(0, at);
    if (generalKey(text) === key || withoutPad(text) === key) return text;
    at = keyed.indexOf(keyEnd, at + 1);
  }
  return keyed;
}

function requirePlain(text: string, binary: boolean): void {
  const key = binary ? withoutPad(text) : generalKey(text);
  const own = binary ? text : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
  if (key !== own)
    throw fault(
      'OB_NOT_SUPPORTED',
      'a text with accents, folded letters or trailing blanks in such a set operation is',
    );
}
