import type { MediumAddress } from '../../src/media/open-medium.ts';
import type { MediumServerModule } from '../media/servers/fixture.ts';

/** Where the tenant's data and log go, as destinations a DBA would type, secrets included. */
export interface Places {
  readonly data: string;
  readonly archive: string;
}

/** Two directories below `scratch`. */
export function filePlaces(scratch: string): Places {
  return { data: `file://${scratch}/data`, archive: `file://${scratch}/archive` };
}

/** Two roots on the server the conformance suite of a scheme runs over; it lives as long as this process. */
export async function servedPlaces(
  scheme: string,
): Promise<{ readonly places: Places; readonly end: () => Promise<void> }> {
  const module = (await import(`../media/servers/${scheme}.ts`)) as MediumServerModule;
  const refusal = await module.refusal?.();
  if (refusal) throw new Error(`${scheme}: ${refusal}`);
  const server = await module.start({ pageEntries: 1_000 });
  const roots = [await server.openRoot(), await server.openRoot()].map(({ address }) => {
    if (address === undefined) throw new Error(`${scheme}: a root without an address`);
    return typed(address);
  });
  return { places: { data: roots[0]!, archive: roots[1]! }, end: () => server.end() };
}

/** What is given as the sources of a restore. */
export function bothPlaces({ data, archive }: Places): string {
  return `${data},${archive}`;
}

function typed({ path, host, authorization, options }: MediumAddress): string {
  const { accessId, accessKey } = authorization;
  const named: readonly (readonly [string, string])[] = [
    ['host', host],
    ['access_id', accessId],
    ['access_key', accessKey],
    ...Object.entries(options),
  ];
  const given = named.filter(([, value]) => value !== '').map(([name, value]) => `${name}=${value}`);
  return given.length === 0 ? path : `${path}?${given.join('&')}`;
}
