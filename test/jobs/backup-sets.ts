import { singleSetInfoFile } from '../../src/destination/codec/set-files.ts';
import { type SetName, setInfoKeys } from '../../src/destination/layout.ts';
import { parseDestination } from '../../src/destination/parse.ts';
import { openMedium } from '../../src/media/open-medium.ts';
import type { Harness } from './job-harness.ts';

/** What the info file of a set on a tenant's data path says; every checksum in it is verified. */
export async function openCheckedSet(harness: Harness, tenant: string, name: SetName) {
  const medium = openMedium(parseDestination(harness.place(`${tenant}/data`), harness.controller.release));
  try {
    return singleSetInfoFile.decode(await medium.read(setInfoKeys(name).single)).set;
  } finally {
    await medium.close();
  }
}
