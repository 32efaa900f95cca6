import { openHdfsMedium } from '../../../src/media/hdfs-medium.ts';
import { isTempName } from '../../../src/media/key.ts';
import type { MediumAddress } from '../../../src/media/open-medium.ts';
import { type MediumServer, rootsOf } from './fixture.ts';
import { HdfsDouble } from './hdfs-double.ts';

/** The address of a directory of the double. */
export function hdfsAddress(double: HdfsDouble, directory: string): MediumAddress {
  return {
    scheme: 'hdfs',
    path: `hdfs://nameservice/${directory}`,
    host: '',
    authorization: { accessId: double.user, accessKey: '' },
    options: { namenode: double.nameNodes, ...(double.gateway ? { gateway: 'httpfs' } : {}) },
  };
}

/** The double with two NameNodes, the first one on standby, and small pages. */
export async function start(
  options: { readonly gateway?: boolean; readonly pageEntries?: number } = {},
): Promise<MediumServer> {
  const double = await HdfsDouble.start(options);
  double.pageLimit = options.pageEntries ?? 7;
  double.active = 1;
  const temps = (directory: string) =>
    [...double.tree.nodes.keys()].filter(
      (path) => path.startsWith(`/${directory}/`) && isTempName(path.slice(path.lastIndexOf('/') + 1)),
    );
  const rootAt = (no: number) => {
    const directory = `user/backup/root${no}`;
    const leftovers = async () => temps(directory).length;
    return { address: hdfsAddress(double, directory), pageEntries: double.pageLimit, leftovers };
  };
  return rootsOf({ rootAt, open: (address) => openHdfsMedium(address), end: () => double.stop() });
}
