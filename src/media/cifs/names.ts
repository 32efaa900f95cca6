// `#` stands in no key, and servers allow it in names.

const parts = '#append';

/** The directory of the parts of an object that grows. */
export function partsKey(key: string): string {
  return `${key}${parts}`;
}

/** The name of the object whose parts a directory of this name holds; null when it is another one. */
export function partedName(directory: string): string | null {
  return directory.endsWith(parts) ? directory.slice(0, -parts.length) : null;
}
