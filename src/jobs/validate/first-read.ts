import type { ObjectSource } from '../../media/medium.ts';

/** The largest object whose bytes are kept from their first read to the second. */
const keptBytesMax = 256 * 1024;

/**
 * A small object whose beginning is read twice, for its header and then for everything: the second read of the same bytes is served
 * from the first, once. One with a descriptor stays as it is, for threads read it by themselves.
 */
export function keepingFirstRead(source: ObjectSource): ObjectSource {
  if (source.fd !== undefined || source.sizeBytes > keptBytesMax) return source;
  let kept: { readonly offset: number; readonly bytes: Uint8Array } | null = null;
  let isFirst = true;
  return {
    sizeBytes: source.sizeBytes,
    paceWaits: () => source.paceWaits?.() ?? 0,
    async read(offset, length) {
      const known = kept;
      kept = null;
      if (known?.offset === offset && known.bytes.length === length) return known.bytes;
      const bytes = await source.read(offset, length);
      if (isFirst) kept = { offset, bytes };
      isFirst = false;
      return bytes;
    },
    close: () => source.close(),
  };
}
