import { isDeepStrictEqual } from 'node:util';
import type { BindSource } from './plan.ts';

/** A piece of SQLite text with the sources of its `?`, in order. */
export interface Fragment {
  readonly text: string;
  readonly binds: readonly BindSource[];
}

const none: readonly BindSource[] = [];

/** A fragment without parameters. */
export function raw(text: string): Fragment {
  return { text, binds: none };
}

/** Joins texts and fragments; binds keep the order of the text. Strings are inserted as they are. */
export function sql(strings: TemplateStringsArray, ...parts: readonly (Fragment | string | number)[]): Fragment {
  let text = strings[0]!;
  let binds = none;
  parts.forEach((part, index) => {
    if (typeof part === 'object') {
      text += part.text;
      if (part.binds.length > 0) binds = binds.length === 0 ? part.binds : [...binds, ...part.binds];
    } else text += part;
    text += strings[index + 1]!;
  });
  return { text, binds };
}

export function join(parts: readonly Fragment[], separator: string): Fragment {
  return { text: parts.map((part) => part.text).join(separator), binds: parts.flatMap((part) => part.binds) };
}

/** The same text over the same values in the same forms. */
export function sameFragment(a: Fragment, b: Fragment): boolean {
  return a.text === b.text && (a.binds === b.binds || isDeepStrictEqual(a.binds, b.binds));
}

/** One `?`. */
export function bind(source: BindSource): Fragment {
  return { text: '?', binds: [source] };
}

/** A SQLite string literal. */
export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A SQLite identifier. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A call of a function by its SQLite name. */
export function call(name: string, ...args: readonly Fragment[]): Fragment {
  const list = join(args, ', ');
  return { text: `${name}(${list.text})`, binds: list.binds };
}
