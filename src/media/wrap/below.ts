import type { Medium } from '../medium.ts';

/**
 * A part of a medium as a medium of its own: every key lies below `directory`. The complement log of a set is an
 * archive destination inside a data destination. Closing the part leaves the whole open.
 */
export function below(inner: Medium, directory: string): Medium {
  const at = (key: string) => `${directory}/${key}`;
  const under = (prefix: string) => (prefix === '' ? directory : at(prefix));
  return {
    scheme: inner.scheme,
    abilities: inner.abilities,
    putSmall: (key, bytes, mode, signal) => inner.putSmall(at(key), bytes, mode, signal),
    createObject: (key, signal) => inner.createObject(at(key), signal),
    openAppend: (key, sizeBytes, ...more) => inner.openAppend(at(key), sizeBytes, ...more),
    read: (key, offset, length, signal) => inner.read(at(key), offset, length, signal),
    openObject: (key, signal) => inner.openObject(at(key), signal),
    head: (key, signal) => inner.head(at(key), signal),
    listPages: (prefix, signal) => inner.listPages(under(prefix), signal),
    list: (prefix, signal) => inner.list(under(prefix), signal),
    remove: (keys, signal) => inner.remove(keys.map(at), signal),
    removeDirectory: (prefix, signal) => inner.removeDirectory(under(prefix), signal),
    tag: (keys, tags, signal) => inner.tag(keys.map(at), tags, signal),
    tagsOf: (key, signal) => inner.tagsOf(at(key), signal),
    // The whole is swept by who opened it.
    sweep: async () => 0,
    status: (signal) => inner.status(signal),
    async close() {},
  };
}
