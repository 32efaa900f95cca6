import { executedVersion } from './scan/blanks.ts';

const mask = '******';

/** Without one of these words a text has nothing to hide but what stands in a path. */
const suspicious = /identified|(?:en|de)cryption|encrypted|password|_key|_secret|_token|external_id|kms/i;
const hasPath = /\/\//;

/** `access_key=…` and the like inside a quoted destination or key text; the value of a password ends at a blank only. */
const hiddenItem =
  /\b(?:(access_key|encrypt_key|secret_key|kms_secret|sts_token|external_id|delegation_token)(\s*=\s*)([^&\s,]+)|(password)(\s*=\s*)(\S+))/gi;
/** The same where no quotes stand around it, such as in an error text. */
const bareItem = /\b(access_key|encrypt_key|external_id|delegation_token)(=)([^&\s,;'"]+)/gi;

/** A password where a user stands in a path; no destination may have one. */
const pathPassword = /(\/\/[^/@:\s'"]*:)([^/@\s'"]+)@/g;

/** Names whose whole value is a secret. */
const hiddenNames = new Set(['external_kms_info', 'kms_encrypt_info']);
/** Words that may stand between IDENTIFIED or ENCRYPTED and the secret. */
const between = new Set(['BY', 'PASSWORD', 'VALUES', 'WITH', 'AS']);

const piece = /--[^\n]*|#[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\*\/|[\w$\u0080-\uff0b\uff0d-\uffff]+|\s+|[\s\S]/y;

/**
 * The text of a statement with every password, key and access key replaced by `******`: for logs and SHOW PROCESSLIST.
 * Works on broken statements too; where it is not sure it hides more rather than less.
 */
export function maskSecrets(text: string): string {
  return suspicious.test(text) || hasPath.test(text) ? masking(text, 0, new Masker(false)).masked : text;
}

/** How much of a statement is looked at in front of and behind the place an error text quotes. */
const contextCharacters = 10_000;

/**
 * What an error text may quote of a statement that cannot be read: `characters` from `offset` on. A keyword may be misspelt and a
 * quote too many, so of a text with secrets no comment is shown and no string that is no path, and nothing at all when its quotes do not pair.
 */
export function quoteMasked(text: string, offset: number, characters: number): string {
  const end = offset + contextCharacters;
  if (!suspicious.test(text.slice(Math.max(0, offset - contextCharacters), end)))
    return maskSecrets(text.slice(offset, offset + characters));
  // Far behind the beginning the place itself is the only one that surely stands outside of a string.
  const start = offset > contextCharacters ? offset : 0;
  const { masked, paired } = masking(text.slice(start, end), offset - start, new Masker(true));
  return paired || end < text.length ? masked.slice(0, characters) : mask;
}

function masking(text: string, from: number, masker: Masker): { readonly masked: string; readonly paired: boolean } {
  let masked = '';
  let paired = true;
  for (let at = 0; at < text.length; ) {
    const quote = text[at]!;
    const quoted = quote === "'" || quote === '"' || quote === '`';
    const end = quoted ? endOfQuoted(text, at) : null;
    const token = end === null ? bareToken(text, at) : text.slice(at, end.at);
    if (end?.closed === false || (token.startsWith('/*') && !token.startsWith('/*!') && !token.endsWith('*/')))
      paired = false;
    const shown = quoted ? masker.quoted(token, quote) : masker.bare(token);
    if (at >= from || (shown !== token && at + token.length > from)) masked += shown;
    else masked += token.slice(from - at);
    at += token.length;
  }
  const plain = masked.replace(bareItem, (_, name, sign) => `${name}${sign}${mask}`);
  return { masked: plain.replace(pathPassword, `$1${mask}@`), paired };
}

/** The token at a place; of a version comment that is carried out the opening bracket only. */
function bareToken(text: string, at: number): string {
  piece.lastIndex = at;
  const token = piece.exec(text)![0];
  const opened = /^\/\*!(\d{5,6})?/.exec(token);
  return opened !== null && Number(opened[1] ?? 0) <= executedVersion ? opened[0] : token;
}

/** The offset behind the closing quote, or the end of the text when there is none. */
function endOfQuoted(text: string, start: number): { readonly at: number; readonly closed: boolean } {
  const quote = text.charCodeAt(start);
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 92 && quote !== 96) at++;
    else if (code === quote) {
      if (text.charCodeAt(at + 1) !== quote) return { at: at + 1, closed: true };
      at++;
    }
  }
  return { at: text.length, closed: false };
}

/** Follows the tokens of one text and knows when the next one is a secret. */
class Masker {
  /** `value`: the next string or word is a secret. `armed`: it is one behind the next `=` or `(`. */
  #expects: 'nothing' | 'armed' | 'value' = 'nothing';
  /** SET DECRYPTION takes a list, so the string behind a comma is a secret too. */
  #list = false;
  #afterSecret = false;
  #plugin = false;
  #afterSet = false;
  readonly #strict: boolean;

  /** `strict`: strings that are no path, and comments, are hidden too. */
  constructor(strict: boolean) {
    this.#strict = strict;
  }

  quoted(token: string, quote: string): string {
    if (this.#plugin) {
      this.#plugin = false;
      return this.#plainString(token, quote);
    }
    const secret = this.#expects === 'value';
    this.#afterSet = false;
    if (secret) {
      this.#expects = 'nothing';
      this.#afterSecret = true;
      return `${quote}${mask}${quote}`;
    }
    if (hiddenNames.has(token.slice(1, -1).toLowerCase())) this.#expects = 'armed';
    return this.#plainString(token, quote);
  }

  bare(token: string): string {
    if (/^(?:--|#|\/\*)/.test(token)) return this.#strict && !token.startsWith('/*!') ? mask : hideItems(token, null);
    if (/^(?:\s|\*\/)/.test(token)) return token;
    if (!/^[\w$\u0080-\uff0b\uff0d-\uffff]/.test(token)) return this.#sign(token);
    return this.#word(token);
  }

  #plainString(token: string, quote: string): string {
    const shown = !this.#strict || quote === '`' || token.includes('://');
    return shown ? hideItems(token, quote) : `${quote}${mask}${quote}`;
  }

  #sign(token: string): string {
    if (token === ';') {
      this.#expects = 'nothing';
      this.#list = false;
    } else if ((token === '=' || token === '(') && this.#expects === 'armed') this.#expects = 'value';
    // A full-width comma is a mistake, and what stands behind it a password all the same.
    else if ((token === ',' || token === '\uff0c') && this.#list && this.#afterSecret) this.#expects = 'value';
    this.#afterSecret = false;
    return token;
  }

  #word(token: string): string {
    const word = token.toUpperCase();
    const afterSet = this.#afterSet;
    this.#afterSet = word === 'SET';
    this.#afterSecret = false;
    if (this.#plugin) {
      this.#plugin = false;
      return token;
    }
    if (word === 'DECRYPTION') this.#list = true;
    if (word === 'IDENTIFIED' || word === 'ENCRYPTED') this.#expects = 'value';
    else if (this.#expects === 'value' && between.has(word)) this.#plugin = word === 'WITH';
    else if (word === 'PASSWORD' && (afterSet || this.#expects !== 'value')) this.#expects = 'armed';
    else if (hiddenNames.has(token.toLowerCase())) this.#expects = 'armed';
    else if (this.#expects === 'value') {
      this.#expects = 'nothing';
      return mask;
    }
    return token;
  }
}

function hideItems(token: string, quote: string | null): string {
  return token.replace(hiddenItem, (_, key, keySign, keyValue, password, sign, value) => {
    const ranOver = quote !== null && String(keyValue ?? value).endsWith(quote);
    return `${key ?? password}${keySign ?? sign}${mask}${ranOver ? quote : ''}`;
  });
}
