/**
 * URL of a module next to this one, for `new Worker` and for workers that import by name: `.ts` when the sources run as
 * they are, `.js` when they were compiled.
 */
export function siblingModule(name: string): URL {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  return new URL(`./${name}.${extension}`, import.meta.url);
}
