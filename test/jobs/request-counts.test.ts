import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { S3Double, s3Keys } from '../media/servers/s3-double.ts';
import { backedUp, makeTable, nextPiece, roundIs, setShortPieces } from './backed-up-tenant.ts';
import { hourMs, MovableClock } from './clean-clock.ts';
import { type Harness, makeTenant, shipped, startHarness } from './job-harness.ts';
import { placeAt } from './media-vertical.ts';
import { tasksOf, validate } from './validate-scene.ts';

/* What a store far away is asked for: a request costs its round trip, however fast everything else is. */

/** A piece of one log file in two parts: its eleven objects listed in four directories, read, and what S3 needs to tell parts by. */
const validateRequestsPerPiece = 20;
/** Its objects listed and removed, or tagged one by one. */
const deleteRequestsPerPiece = 24;
/** Format files, rounds, the list of pieces and whatever else comes once a job, or once a batch of pieces. */
const requestsPerJob = 16;

describe.each(['', 'delete_mode=tagging'])('requests to S3 with %o', (mode) => {
  let double: S3Double;
  let harness: Harness;
  let clock: MovableClock;

  beforeAll(async () => {
    double = await S3Double.start();
    const host = `127.0.0.1:${double.port}`;
    const place = placeAt({ scheme: 's3', path: 's3://bucket', host, authorization: s3Keys, options: {} });
    clock = new MovableClock();
    harness = await startHarness({ clock });
    const tenantId = await makeTenant(harness, 'a');
    await setShortPieces(harness, tenantId, '1s', place.text('archive', mode), place.text('data', mode));
    await harness.say('ALTER SYSTEM ARCHIVELOG', 'a');
    await roundIs(harness, 'DOING');
    await makeTable(harness);
    for (let id = 1; id <= 5; id++) {
      await harness.sql('a', `INSERT INTO d.t VALUES (${id})`);
      await shipped(harness, 'a');
      await nextPiece(harness);
    }
    await backedUp(harness);
    await harness.say('ALTER SYSTEM NOARCHIVELOG', 'a');
    await roundIs(harness, 'STOP');
    await place.medium.close();
  });
  afterAll(async () => {
    await harness.stop();
    await double.stop();
  });

  /** What was asked for since `from`, but for the parts of logs: those are as many as there were commits. */
  const asked = (from: number) => double.requests.slice(from).filter(({ key }) => !key.includes('@APD_PART@'));

  test('VALIDATE of pieces', async () => {
    const from = double.requests.length;
    const job = await validate(harness, 'a', 'ARCHIVELOG_PIECE');
    expect(job).toMatchObject({ status: 'COMPLETED', result: 0 });
    const pieces = (await tasksOf(harness, 'a', job)).filter((task) => task.taskType === 'BACKUP PIECE').length;
    expect(pieces).toBeGreaterThanOrEqual(5);
    expect(asked(from).length).toBeLessThanOrEqual(requestsPerJob + pieces * validateRequestsPerPiece);
    // Every object once; of the format file each look at the destination.
    const read = double.requests.slice(from).filter(({ operation }) => operation === 'GetObject');
    const keys = read.map(({ key }) => key).filter((key) => !key.endsWith('format.obbak'));
    expect(keys.length).toBe(new Set(keys).size);
  });

  test('a clean-up of pieces', async () => {
    const from = double.requests.length;
    clock.move(48 * hourMs);
    await harness.say("ALTER SYSTEM ADD DELETE BACKUP POLICY 'default' RECOVERY_WINDOW '12h'", 'a');
    const jobs = () => harness.controller.catalog.read((tx) => tx.deletions.jobs.list());
    await harness.until(async () => (await jobs()).some((job) => job.history));
    const [job] = await jobs();
    expect(job).toMatchObject({ status: 'COMPLETED', result: 0 });
    const pieces = job!.successTaskCount;
    expect(pieces).toBeGreaterThanOrEqual(5);
    expect(asked(from).length).toBeLessThanOrEqual(requestsPerJob + pieces * deleteRequestsPerPiece);
    const lists = double.requests
      .slice(from)
      .filter(({ operation, key }) => operation === 'PutObject' && key.endsWith('tenant_archive_piece_infos.obarc'));
    expect(lists).toHaveLength(1);
  });
});
