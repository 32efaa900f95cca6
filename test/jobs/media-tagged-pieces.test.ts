import { afterEach, expect, test } from 'vitest';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { backedUp, cleanUpsEnded, makeTable, nextPiece, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { type Harness, makeTenant, restoredFrom, shipped, startHarness } from './job-harness.ts';
import { objectsBelow, placeAt, verticalOptions } from './media-vertical.ts';
import { validate } from './validate-scene.ts';

let harness: Harness;
let double: S3Double;
afterEach(async () => {
  await harness.stop();
  await double.stop();
});

test('pieces are marked too, and read by nobody while the store removes them in its own order', async () => {
  double = await S3Double.start();
  const host = `127.0.0.1:${double.port}`;
  const place = placeAt({ scheme: 's3', path: 's3://bucket/root', host, authorization: s3Keys, options: {} });
  harness = await startHarness(verticalOptions);
  const tenantId = await makeTenant(harness, 'a');
  const archive = place.text('archive', 'delete_mode=tagging');
  await setShortPieces(harness, tenantId, '3s', archive, place.text('data'));
  await harness.say('ALTER SYSTEM ARCHIVELOG TENANT = a');
  await roundIs(harness, 'DOING');
  await makeTable(harness);
  for (let id = 1; id <= 3; id++) {
    await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
    await nextPiece(harness);
  }
  await backedUp(harness);
  await harness.sql('a', 'INSERT INTO d.t VALUES (4)');
  await nextPiece(harness);

  const pieces = () => harness.controller.catalog.read((tx) => tx.archives.pieces.list({ tenantId }));
  const [first, second] = await pieces();
  await harness.say(`ALTER SYSTEM DELETE ARCHIVELOG_PIECE ${first!.pieceId}, ${second!.pieceId}`, 'a');
  await cleanUpsEnded(harness);
  expect((await pieces()).slice(0, 2).map((piece) => piece.fileStatus)).toEqual(['DELETED', 'DELETED']);

  const below = (await objectsBelow(place.medium, 'archive')).filter((key) => /piece_d\d+r\d+p[12][_/]/.test(key));
  expect(below.some((key) => key.includes('/log/'))).toBe(true);
  for (const key of below) expect([key, await place.medium.tagsOf(key)]).toEqual([key, { delete_mode: 'tagging' }]);

  const restored = async (to: string) => {
    await shipped(harness, 'a');
    return restoredFrom(harness, `${place.text('data')},${place.text('archive')}`, to, 'SELECT COUNT(*) FROM d.t');
  };
  expect(await restored('b')).toBe('4');
  await place.medium.remove(below.filter((key) => /single_piece_info|\/log\//.test(key)));
  expect(await restored('c')).toBe('4');
  expect(await validate(harness, 'a', 'BACKUP')).toMatchObject({ status: 'COMPLETED', damagedCount: 0 });
  await place.medium.close();
});
