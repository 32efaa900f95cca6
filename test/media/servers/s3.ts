import { openS3Medium } from '../../../src/media/s3-medium.ts';
import { type MediumServer, rootsOf } from './fixture.ts';
import { S3Double, s3Keys } from './s3-double.ts';

/** The own double of S3: a root is a directory of one bucket. */
export async function start({ pageEntries = 7 } = {}): Promise<MediumServer> {
  const double = await S3Double.start();
  double.pageLimit = pageEntries;
  const uploads = (root: string) =>
    [...double.bucket().uploads.values()].filter(({ key }) => key.startsWith(`${root}/`));
  const rootAt = (no: number) => {
    const address = {
      scheme: 's3' as const,
      path: `s3://bucket/root${no}`,
      host: `127.0.0.1:${double.port}`,
      authorization: s3Keys,
      options: {},
    };
    return { address, pageEntries: double.pageLimit, leftovers: async () => uploads(`root${no}`).length };
  };
  return rootsOf({ rootAt, open: (address) => openS3Medium(address), end: () => double.stop() });
}
