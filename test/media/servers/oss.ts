import type { LookupFunction } from 'node:net';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { openOssMedium } from '../../../src/media/oss-medium.ts';
import type { MediumServer } from './fixture.ts';
import { OssDouble } from './oss-double.ts';

/** Every name leads to this machine. */
export const lookupHere: LookupFunction = (_name, options, callback) => {
  if (options.all) callback(null, [{ address: '127.0.0.1', family: 4 }]);
  else callback(null, '127.0.0.1', 4);
};

/** A destination on the double: by its region's name, which signs V4, or by its address, which signs V1. */
export function ossAddress(double: OssDouble, path: string, by: 'region' | 'address' = 'region'): MediumAddress {
  const name = by === 'region' ? `oss-${double.region}.aliyuncs.com` : '127.0.0.1';
  const { accessId, accessKey } = double;
  return { scheme: 'oss', path, host: `${name}:${double.port}`, authorization: { accessId, accessKey }, options: {} };
}

/** The double, each root in a bucket of its own below a name that must be encoded. */
export async function start({ pageEntries = 7 } = {}): Promise<MediumServer> {
  const double = new OssDouble();
  double.pageEntries = pageEntries;
  await double.listen();
  let serial = 0;
  return {
    async openRoot() {
      const bucket = `bucket-${++serial}`;
      const path = `oss://${bucket}/dest/a+b数&%41`;
      double.bucket(bucket);
      const open = () => openOssMedium(ossAddress(double, path), undefined, { lookup: lookupHere });
      return {
        medium: open(),
        reopen: open,
        dispose: async () => double.removeBucket(bucket),
        address: ossAddress(double, path, 'address'),
        pageEntries: double.pageEntries,
        leftovers: async () => double.bucket(bucket).uploads.size,
      };
    },
    end: () => double.kill(),
  };
}
