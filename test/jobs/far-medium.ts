import type { Medium } from '../../src/media/medium.ts';

/** A medium of files that passes for one behind a network, where jobs work on several sets and pieces beside each other. */
export function farMedium(medium: Medium): Medium {
  return { ...medium, scheme: 'sftp' };
}
