import type { Clock } from '../../../src/base/clock.ts';
import { openCosMedium } from '../../../src/media/cos-medium.ts';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { CosDouble } from './cos-double.ts';
import type { MediumServer } from './fixture.ts';

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
export async function start(): Promise<MediumServer> {
  const double = await CosDouble.start();
  double.pageLimit = 7;
  let roots = 0;
  return {
    async openRoot() {
      const directory = `backup/root${roots++}`;
      const address = cosAddress(double, directory);
      const opened = [openCosMedium(address)];
      const open = (clock?: Clock) => {
        const medium = openCosMedium(address, clock);
        opened.push(medium);
        return medium;
      };
      return {
        medium: open(),
        reopen: () => open(),
        dispose: async () => {
          for (const medium of opened) await medium.close();
        },
        address,
        pageEntries: double.pageLimit,
        leftovers: async () =>
          [...double.store.uploads.values()].filter(({ key }) => key.startsWith(`${directory}/`)).length,
      };
    },
    end: () => double.stop(),
  };
}
