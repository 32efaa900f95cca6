import { afterAll, beforeAll, expect, test } from 'vitest';
import { heldBytesAboveIdle } from './server-faults.ts';
import { hdfsAddress } from './servers/hdfs.ts';
import { HdfsDouble } from './servers/hdfs-double.ts';

let double: HdfsDouble;
beforeAll(async () => {
  double = await HdfsDouble.start();
  double.active = 1;
});
afterAll(() => double.stop());

test('an object of 256 MiB passes through little memory', async () => {
  const address = hdfsAddress(double, 'large');
  expect(await heldBytesAboveIdle('hdfs-medium.ts', 'openHdfsMedium', address)).toBeLessThan(150e6);
  expect([...double.tree.nodes.keys()].filter((path) => path.includes('.tmp.'))).toEqual([]);
});
