import type { MaybePromise } from './client.ts';

/** Everything that understands statements; loaded when the first one comes. */
export type Language = typeof import('./language.ts');
let language: Language | null = null;
let loading: Promise<Language> | null = null;

/** A promise only until it is loaded. */
export function loadLanguage(): MaybePromise<Language> {
  if (language) return language;
  loading ??= import('./language.ts').then((module) => {
    language = module;
    return module;
  });
  return loading;
}
