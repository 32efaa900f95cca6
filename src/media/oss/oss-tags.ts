import type { OssClient } from './oss-client.ts';
import { tagsInFlight } from './oss-limits.ts';
import { elements, escaped, isMissing, text } from './oss-listing.ts';

/** Replaces the tags of objects, some at once; missing objects are success. */
export async function tagObjects(
  client: OssClient,
  keys: readonly string[],
  tags: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
): Promise<void> {
  const rows = Object.entries(tags).map(
    ([name, value]) => `<Tag><Key>${escaped(name)}</Key><Value>${escaped(value)}</Value></Tag>`,
  );
  const content = Buffer.from(`<Tagging><TagSet>${rows.join('')}</TagSet></Tagging>`);
  const waiting = [...keys];
  const worker = async () => {
    for (let key = waiting.shift(); key !== undefined; key = waiting.shift())
      await client.call({ method: 'PUT', key, subresources: { tagging: '' }, content }, signal).catch(missingIsFine);
  };
  await Promise.all(Array.from({ length: Math.min(tagsInFlight, keys.length) }, worker));
}

/** Tags of an object; `notFound` when it is missing. */
export async function tagsOfObject(
  client: OssClient,
  key: string,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string>>> {
  const { body } = await client.call({ method: 'GET', key, subresources: { tagging: '' } }, signal);
  const { TagSet: set } = await client.parse(key, body);
  const [first] = elements(set);
  return Object.fromEntries(elements(first?.Tag).map(({ Key, Value }) => [text(Key), text(Value)]));
}

function missingIsFine(error: unknown): void {
  if (!isMissing(error)) throw error;
}
