/** Named limits of taking on roles. */

/** How long one exchange with the token service may take. */
export const stsDeadlineMs = 10_000;

/** How long each question to the metadata service of a machine may take. */
export const metadataDeadlineMs = 1_000;

/** The largest answer such services may give. */
export const stsReplyBytes = 64 * 1024;

/** What is asked for: roles allow it unless they say otherwise. */
export const roleSeconds = 3_600;

/** Keys are renewed when so little of their time is left, or the fourth part of it when that is less. */
export const renewBeforeMs = 300_000;

/** After a renewal that failed the old keys serve, and the next one is tried so much later. */
export const renewPauseMs = 10_000;

/** Roles whose keys a thread remembers. */
export const rolesMax = 100;

/** The largest file of own keys. */
export const keysFileBytes = 16 * 1024;
