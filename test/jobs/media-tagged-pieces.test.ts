import { afterEach, expect, test } from 'vitest';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { type Harness, makePool, makeTenant, roundOf, settle, shipped, startHarness } from './job-harness.ts';
import { objectsBelow, placeAt, verticalOptions } from './media-vertical.ts';
import { validate } from './validate-scene.ts';

let harness: Harness;
let double: S3Double;
afterEach(async () => {
  await harness.stop();
  await double.stop();
});

async function nextPiece(): Promise<void> {
  const used = (await roundOf(harness, 'a'))?.usedPieceId ?? 0;
  await harness.until(async () => ((await roundOf(harness, 'a'))?.usedPieceId ?? 0) > used);
}

test('pieces are marked too, and read by nobody while the store removes them in its own order', async () => {
  double = await S3Double.start();
  const host = `127.0.0.1:${double.port}`;
  const place = placeAt({ scheme: 's3', path: 's3://bucket/root', host, authorization: s3Keys, options: {} });
  harness = await startHarness(verticalOptions);
  const tenantId = await makeTenant(harness, 'a');
  const archive = place.text('archive', 'delete_mode=tagging');
  await harness.say(`ALTER SYSTEM SET LOG_ARCHIVE_DEST = 'LOCATION=${archive}' TENANT = a`);
  await harness.controller.catalog.transaction((tx) =>
    tx.destinations.setArchiveDest(tenantId, 0, { piece_switch_interval: '1500ms' }),
  );
  await harness.say(`ALTER SYSTEM SET DATA_BACKUP_DEST = '${place.text('data')}' TENANT = a`);
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await harness.until(async () => (await roundOf(harness, 'a'))?.status === 'DOING');
  await harness.sql('a', 'CREATE DATABASE d');
  await harness.sql('a', 'CREATE TABLE d.t (id INT PRIMARY KEY)');
  for (let id = 1; id <= 3; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await nextPiece();
  }
  await harness.say('ALTER SYSTEM BACKUP DATABASE', 'a');
  await settle(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (4)');
  await nextPiece();

  const pieces = () => harness.controller.catalog.read((tx) => tx.archives.pieces.list({ tenantId }));
  const [first, second] = await pieces();
  await harness.say(`ALTER SYSTEM DELETE ARCHIVELOG_PIECE ${first!.pieceId}, ${second!.pieceId}`, 'a');
  await harness.until(() => harness.controller.catalog.read((tx) => tx.deletions.liveJobs().length === 0));
  expect((await pieces()).slice(0, 2).map((piece) => piece.fileStatus)).toEqual(['DELETED', 'DELETED']);

  const below = (await objectsBelow(place.medium, 'archive')).filter((key) => /piece_d\d+r\d+p[12][_/]/.test(key));
  expect(below.some((key) => key.includes('/log/'))).toBe(true);
  for (const key of below) expect([key, await place.medium.tagsOf(key)]).toEqual([key, { delete_mode: 'tagging' }]);

  const restored = async (to: string) => {
    await shipped(harness, 'a');
    await makePool(harness, `pool_${to}`);
    const paths = `${place.text('data')},${place.text('archive')}`;
    await harness.say(`ALTER SYSTEM RESTORE ${to} FROM '${paths}' WITH 'pool_list=pool_${to}'`);
    await settle(harness);
    return harness.value(to, 'SELECT COUNT(*) FROM d.t');
  };
  expect(await restored('b')).toBe('4');
  await place.medium.remove(below.filter((key) => /single_piece_info|\/log\//.test(key)));
  expect(await restored('c')).toBe('4');
  expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', damagedCount: 0 });
  await place.medium.close();
});
