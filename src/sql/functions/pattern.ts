import { fault } from '../../base/errors.ts';
import { type Given, str } from './definition.ts';

const likes = new Map<string, RegExp>();
const regexps = new Map<string, RegExp>();
const mostCached = 200;

function cached(cache: Map<string, RegExp>, key: string, make: () => RegExp): RegExp {
  let found = cache.get(key);
  if (!found) {
    found = make();
    if (cache.size >= mostCached) cache.clear();
    cache.set(key, found);
  }
  return found;
}

const plain = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');

/** LIKE with letters told apart: byte strings and binary collations. */
export function likeMatch(value: Given, pattern: Given, sign: string): boolean {
  const [text, like] = [latin(value), latin(pattern)];
  const test = cached(likes, `${sign}${like}`, () => {
    let source = '';
    const list = [...like];
    for (let at = 0; at < list.length; at++) {
      const letter = list[at]!;
      if (letter === sign && at + 1 < list.length) source += plain(list[++at]!);
      else source += letter === '%' ? '[\\s\\S]*' : letter === '_' ? '[\\s\\S]' : plain(letter);
    }
    return new RegExp(`^${source}$`, 'u');
  });
  return test.test(text);
}

function latin(value: Given): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : str(value);
}

const classes: Readonly<Record<string, string>> = {
  alpha: '\\p{L}',
  digit: '\\d',
  alnum: '\\p{L}\\d',
  space: '\\s',
  upper: '\\p{Lu}',
  lower: '\\p{Ll}',
  punct: '!-\\/:-@\\[-`\\{-~',
  xdigit: '0-9A-Fa-f',
  blank: ' \\t',
  cntrl: '\\x00-\\x1f\\x7f',
  print: '\\x20-\\x7e',
  graph: '\\x21-\\x7e',
};

/** A POSIX expression as JavaScript's: character classes, word borders, no special meaning of a first `]`. */
function translated(pattern: string): string {
  return pattern
    .replaceAll('[[:<:]]', '\\b(?=\\w)')
    .replaceAll('[[:>:]]', '\\b(?<=\\w)')
    .replace(/\[:([a-z]+):\]/g, (whole, name: string) => classes[name] ?? whole)
    .replace(/\[(\^?)\]/g, '[$1\\]');
}

/** REGEXP: true when the expression is found anywhere in the text; 1139 for a broken one. */
export function regexpMatch(text: string, pattern: string, sensitive: boolean): boolean {
  const test = cached(regexps, `${sensitive ? 's' : 'i'}${pattern}`, () => {
    if (pattern === '') throw fault('ER_REGEXP', 'empty (sub)expression');
    try {
      return compile(translated(pattern), sensitive ? 's' : 'is');
    } catch (error) {
      throw fault('ER_REGEXP', (error as Error).message.replace(/^.*: /s, ''));
    }
  });
  return test.test(text);
}

function compile(source: string, flags: string): RegExp {
  try {
    return new RegExp(source, `${flags}u`);
  } catch {
    return new RegExp(source, flags);
  }
}
