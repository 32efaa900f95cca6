import type { Medium, ObjectSink } from './medium.ts';

/**
 * Opens a large object, lets `write` fill it and publishes the bytes it answers with. Whatever fails gives the object up, and so
 * does null: nobody else would end it.
 */
export async function publishObject(
  medium: Medium,
  key: string,
  write: (sink: ObjectSink) => Promise<number | null>,
  signal?: AbortSignal,
): Promise<void> {
  const sink = await medium.createObject(key, signal);
  try {
    const sizeBytes = await write(sink);
    if (sizeBytes === null) await sink.abort();
    else await sink.publish(sizeBytes);
  } catch (error) {
    // Also when it was the ending that failed: perhaps it never came to the medium.
    await sink.abort().catch(() => undefined);
    throw error;
  }
}
