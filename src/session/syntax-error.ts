import { fault, type ObError } from '../base/errors.ts';
import { quoteMasked } from '../sql/mask-secrets.ts';
import { syntaxErrorText } from '../sql/parse/cursor.ts';

const nearLength = 80;

/** 1064 quoting a text from an offset on, its secrets masked. */
export function syntaxErrorAt(text: string, start: number): ObError {
  const line = text.slice(0, start).split('\n').length;
  return fault('OB_ERR_PARSE_SQL', syntaxErrorText, quoteMasked(text, start, nearLength), line);
}
