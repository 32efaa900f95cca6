/** Buffers of parts that were uploaded, by their size; held weakly, so that what nobody needs goes with the garbage. */
const spares = new Map<number, WeakRef<Buffer>[]>();

/** A buffer for a part, with whatever an earlier part left in it: the objects that are written share them. */
export function takePart(partBytes: number): Buffer {
  const known = spares.get(partBytes);
  for (let spare = known?.pop(); spare !== undefined; spare = known?.pop()) {
    const bytes = spare.deref();
    if (bytes) return bytes;
  }
  return Buffer.allocUnsafeSlow(partBytes);
}

/** Gives back a buffer that `takePart` made and nobody looks at any more. */
export function sparePart(bytes: Buffer): void {
  const known = spares.get(bytes.length);
  if (known) known.push(new WeakRef(bytes));
  else spares.set(bytes.length, [new WeakRef(bytes)]);
}
