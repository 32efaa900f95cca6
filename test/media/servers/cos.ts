import { openCosMedium } from '../../../src/media/cos-medium.ts';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { CosDouble } from './cos-double.ts';
import { type MediumServer, rootsOf } from './fixture.ts';

/** The address of a destination in the first bucket of the double. */
export function cosAddress(double: CosDouble, directory: string): MediumAddress {
  const [bucket = ''] = double.stores.keys();
  const cut = bucket.lastIndexOf('-');
  return {
    scheme: 'cos',
    path: `cos://${bucket.slice(0, cut)}/${directory}`,
    host: double.host,
    authorization: { accessId: double.signer.secretId, accessKey: double.signer.secretKey },
    options: { appid: bucket.slice(cut + 1) },
  };
}

/** The double of COS, with small pages. */
export async function start({ pageEntries = 7 } = {}): Promise<MediumServer> {
  const double = await CosDouble.start();
  double.pageLimit = pageEntries;
  const uploads = (directory: string) =>
    [...double.store.uploads.values()].filter(({ key }) => key.startsWith(`${directory}/`));
  const rootAt = (no: number) => {
    const directory = `backup/root${no}`;
    const leftovers = async () => uploads(directory).length;
    return { address: cosAddress(double, directory), pageEntries: double.pageLimit, leftovers };
  };
  return rootsOf({ rootAt, open: (address) => openCosMedium(address), end: () => double.stop() });
}
