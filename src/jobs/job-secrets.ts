import type { Repositories } from '../catalog/catalog.ts';
import type { Secrets } from '../catalog/secrets.ts';

/** The job a secret belongs to; it goes with the job's end. */
export interface SecretOwner {
  readonly tenantId: number;
  readonly kind: 'backup' | 'restore' | 'validate';
  readonly jobId: number;
}

/** Keeps a secret of a job, sealed under the instance key. */
export function keepSecret(
  tx: Repositories,
  secrets: Secrets,
  owner: SecretOwner,
  name: string,
  bytes: Uint8Array,
): void {
  tx.keys.jobSecrets.put({ ...owner, name, sealed: secrets.seal('job', place(owner, name), bytes) });
}

/** The secret of that name, null when the job has none. */
export function jobSecret(tx: Repositories, secrets: Secrets, owner: SecretOwner, name: string): Uint8Array | null {
  const row = tx.keys.jobSecrets.get({ ...owner, name });
  return row === null ? null : new Uint8Array(secrets.open('job', place(owner, name), row.sealed));
}

function place(owner: SecretOwner, name: string) {
  return { tenantId: owner.tenantId, id: `${owner.kind}/${owner.jobId}`, field: name };
}
