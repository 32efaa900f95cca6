import { ObError } from '../base/errors.ts';
import type { Destination } from '../destination/destination.ts';
import { mapMediumError } from '../destination/medium-fault.ts';
import { parseDestination } from '../destination/parse.ts';
import type { Controller } from '../jobs/controller.ts';
import { type Medium, MediumError } from '../media/medium.ts';
import { orCancelled } from '../media/or-cancelled.ts';
import { type ProbeRow, probeMedium, probeProperties } from '../media/probe.ts';
import type { Cell, ResultColumn } from '../value/column-type.ts';
import { toldWithoutSecrets, warnOfIgnored } from './prepare-destination.ts';
import { handler } from './statement-handler.ts';
import { registeredDestination } from './storage-dest.ts';

const columns: readonly ResultColumn[] = [
  column('PROPERTY', { name: 'varchar', length: 32 }),
  column('RESULT', { name: 'varchar', length: 8 }),
  column('LATENCY_MS', { name: 'decimal', precision: 20, scale: 3 }),
  column('DETAIL', { name: 'varchar', length: 512 }),
];

/**
 * ALTER SYSTEM TEST DESTINATION: what a medium was found to do, a row for each property. The text is refused as SET refuses it;
 * everything the medium does is a row, with the code that SET would answer. A destination the tenant uses may be named without its
 * keys, as views show it.
 */
export const testDestination = handler<'testDestination', Destination>({
  access: { privilege: 'ALTER SYSTEM', tenants: 'all' },
  async check({ destination: text }, speaker, controller) {
    const destination =
      (await registeredDestination(controller, speaker.effectiveTenantId, text)) ??
      parseDestination(text, controller.release);
    warnOfIgnored(destination, speaker);
    return destination;
  },
  async run(destination, _, { signal }, controller) {
    // A probe nobody waits for any more goes on and removes what it wrote.
    const rows = await orCancelled(probe(controller, destination), '', signal);
    return { rows: { columns, cells: rows.map((row) => cellsOf(row, destination, controller)) } };
  },
});

async function probe(controller: Controller, destination: Destination): Promise<readonly ProbeRow[]> {
  let medium: Medium;
  try {
    medium = controller.openMedium({ ...destination, patience: 'statement' });
  } catch (error) {
    const cause = error instanceof ObError ? error.cause : null;
    if (!(cause instanceof MediumError)) throw error;
    return probeProperties.map(({ property }, i) =>
      i === 0
        ? { property, result: 'FAILED', detail: cause.message, latencyUs: 0, error: cause }
        : { property, result: 'SKIPPED', detail: 'no such place can exist', latencyUs: null, error: null },
    );
  }
  try {
    return await probeMedium(medium, { clock: controller.clock });
  } finally {
    void medium.close().catch(() => undefined);
  }
}

function cellsOf(row: ProbeRow, destination: Destination, { release }: Controller): readonly Cell[] {
  const coded = row.error && mapMediumError(row.error, 'configuring', { scheme: destination.scheme, release });
  const code = row.result === 'FAILED' && coded instanceof ObError ? `${coded.code} ` : '';
  const latencyMs = row.latencyUs === null ? null : (row.latencyUs / 1_000).toFixed(3);
  return [row.property, row.result, latencyMs, `${code}${toldWithoutSecrets(row.detail, destination)}`];
}

function column(label: string, type: ResultColumn['type']): ResultColumn {
  return Object.freeze({ label, type, schema: '', table: '', orgTable: '', orgName: '' });
}
