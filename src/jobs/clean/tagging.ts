import type { Destination } from '../../destination/destination.ts';
import { isMediumError } from '../../destination/medium-fault.ts';
import type { Medium } from '../../media/medium.ts';

/** What `delete_mode=tagging` sets on an object: rules of the bucket remove such objects when they like. */
const deletedTag = { delete_mode: 'tagging' } as const;

/** The medium for deleting with `delete_mode=tagging`: objects are marked and stay, and so does what they lie in. */
export function tagsInsteadOfRemoving(medium: Medium): Medium {
  return {
    ...medium,
    remove: (keys, signal) => medium.tag(keys, deletedTag, signal),
    removeDirectory: async () => undefined,
  };
}

/** True where `delete_mode=tagging` has objects marked instead of removed. */
export function tagsOn({ options }: Destination): boolean {
  return options['delete_mode'] === 'tagging';
}

/** The medium of a destination for what is removed from it: objects go, or are marked where the destination says so. */
export function removingMedium(medium: Medium, destination: Destination): Medium {
  return tagsOn(destination) ? tagsInsteadOfRemoving(medium) : medium;
}

/**
 * True when an object was deleted by a tag. Whoever may not read tags sees none; what is missing has none. Costs nothing on media
 * without tags.
 */
export async function isTaggedDeleted(medium: Medium, key: string, signal?: AbortSignal): Promise<boolean> {
  if (!medium.abilities.tagging) return false;
  try {
    return (await medium.tagsOf(key, signal))['delete_mode'] === deletedTag.delete_mode;
  } catch (error) {
    if (isMediumError(error, 'notFound') || isMediumError(error, 'denied') || isMediumError(error, 'unsupported'))
      return false;
    throw error;
  }
}
