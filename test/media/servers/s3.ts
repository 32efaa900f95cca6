import { openS3Medium } from '../../../src/media/s3-medium.ts';
import type { MediumServer } from './fixture.ts';
import { S3Double, s3Keys } from './s3-double.ts';

/** The own double of S3: a root is a directory of one bucket. */
export async function start(): Promise<MediumServer> {
  const double = await S3Double.start();
  double.pageLimit = 7;
  let roots = 0;
  return {
    async openRoot() {
      const root = `root${++roots}`;
      const address = {
        scheme: 's3' as const,
        path: `s3://bucket/${root}`,
        host: `127.0.0.1:${double.port}`,
        authorization: s3Keys,
        options: {},
      };
      return {
        medium: openS3Medium(address),
        reopen: () => openS3Medium(address),
        dispose: async () => undefined,
        address,
        pageEntries: double.pageLimit,
        leftovers: async () =>
          [...double.bucket().uploads.values()].filter(({ key }) => key.startsWith(`${root}/`)).length,
      };
    },
    end: () => double.stop(),
  };
}
