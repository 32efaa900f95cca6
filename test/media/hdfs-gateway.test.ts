import { afterAll, beforeAll, describe } from 'vitest';
import { mediumConformance } from './medium-conformance.ts';
import type { MediumServer } from './servers/fixture.ts';
import { start } from './servers/hdfs.ts';

describe('hdfs through HttpFS', () => {
  let server: MediumServer;
  beforeAll(async () => {
    server = await start({ gateway: true });
  });
  afterAll(() => server.end());
  mediumConformance('hdfs through HttpFS', () => server.openRoot());
});
