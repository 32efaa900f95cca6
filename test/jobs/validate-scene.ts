import type { Finding, Proof, ValidateJob, ValidateTask } from '../../src/catalog/proofs.ts';
import type { Harness } from './job-harness.ts';

async function tenantIdOf(harness: Harness, name: string): Promise<number> {
  const tenant = await harness.controller.catalog.read((tx) => tx.tenants.byName(name));
  if (tenant === null) throw new Error(`no tenant ${name}`);
  return tenant.tenantId;
}

/** The newest VALIDATE of a tenant. */
export async function lastJob(harness: Harness, name: string): Promise<ValidateJob> {
  const tenantId = await tenantIdOf(harness, name);
  const job = await harness.controller.catalog.read((tx) => tx.proofs.jobs.list({ tenantId }).at(-1));
  if (job === undefined) throw new Error(`nothing was validated of ${name}`);
  return job;
}

/** Says VALIDATE as the tenant and waits until no job is live. */
export async function validate(harness: Harness, name: string, what: string): Promise<ValidateJob> {
  await harness.say(`ALTER SYSTEM VALIDATE ${what}`, name);
  await ended(harness);
  return lastJob(harness, name);
}

export async function ended(harness: Harness): Promise<void> {
  await harness.until(() => harness.controller.catalog.read((tx) => tx.proofs.liveJobs().length === 0));
}

export async function tasksOf(
  harness: Harness,
  name: string,
  { jobId }: Pick<ValidateJob, 'jobId'>,
): Promise<readonly ValidateTask[]> {
  const tenantId = await tenantIdOf(harness, name);
  return harness.controller.catalog.read((tx) => tx.proofs.tasks.list({ tenantId, jobId }));
}

/** What the newest VALIDATE of a tenant found. */
export async function findingsOf(harness: Harness, name: string): Promise<readonly Finding[]> {
  const { tenantId, jobId } = await lastJob(harness, name);
  return harness.controller.catalog.read((tx) => tx.proofs.findings.list({ tenantId, jobId }));
}

export async function proofsOf(harness: Harness, name: string): Promise<readonly Proof[]> {
  const tenantId = await tenantIdOf(harness, name);
  return harness.controller.catalog.read((tx) => tx.proofs.proofs.list({ tenantId }));
}
