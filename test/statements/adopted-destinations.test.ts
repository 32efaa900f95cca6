import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Repositories } from '../../src/catalog/catalog.ts';
import { parseDestination } from '../../src/destination/parse.ts';
import { type Medium, MediumError } from '../../src/media/medium.ts';
import type { Speaker } from '../../src/statements/statement-handler.ts';
import { archiveRound, backupJob } from '../catalog/sample-rows.ts';
import { type Desk, makeTenant, openDesk } from './desk.ts';

/*
 * A directory with a format file that nobody remembers answers 9081 for ever. So whatever ends a statement after that file was
 * written, the same statement is taken a second time.
 */

let desk: Desk;
let scratch: string;
let shop: Partial<Speaker>;
/** Stands before each small object that is written, once. */
let before: ((key: string) => Promise<void>) | null;

beforeEach(async () => {
  before = null;
  desk = await openDesk({
    onDirectory: (directory) => {
      scratch = join(directory, 'media');
    },
    wrap: (controller) => ({ ...controller, openMedium: (wish) => watched(controller.openMedium(wish)) }),
  });
  shop = await makeTenant(desk, 'shop');
});
afterEach(() => desk.stop());

function watched(medium: Medium): Medium {
  return {
    ...medium,
    async putSmall(key, ...rest) {
      await before?.(key);
      return medium.putSmall(key, ...rest);
    },
  };
}

const tenantId = () => Number(shop.loginTenant?.tenantId);

/** While the format file is written, another session does this. */
function meanwhile(step: (tx: Repositories) => void): void {
  before = async (key) => {
    if (key !== 'format.obbak') return;
    before = null;
    await desk.controller.catalog.transaction(step);
  };
}

test('a key that could not be written', async () => {
  await desk.ok("ALTER SYSTEM SET tde_method = 'internal' TENANT = shop");
  await desk.ok('ALTER INSTANCE ROTATE INNODB MASTER KEY', shop);
  const statement = `ALTER SYSTEM BACKUP KEY TO 'file://${scratch}/key' ENCRYPTED BY 'pw'`;
  before = async (key) => {
    if (key.startsWith('backup_key/')) throw new MediumError('outOfSpace', key, 'no space left');
  };
  expect((await desk.say(statement, shop)).error).toMatchObject({ errno: 9082 });
  before = null;
  await desk.ok(statement, shop);
});

test('a backup that began meanwhile', async () => {
  const statement = `ALTER SYSTEM SET data_backup_dest = 'file://${scratch}/data'`;
  meanwhile((tx) => tx.backups.jobs.insert({ ...backupJob, tenantId: tenantId(), history: false, status: 'INIT' }));
  expect((await desk.say(statement, shop)).error).toMatchObject({ errno: 9036 });
  await desk.controller.catalog.transaction((tx) => tx.backups.jobs.removeAll({ tenantId: tenantId() }));
  await desk.ok(statement, shop);
});

test('a round that began meanwhile', async () => {
  const statement = `ALTER SYSTEM SET log_archive_dest = 'LOCATION=file://${scratch}/log'`;
  meanwhile((tx) => tx.archives.rounds.put({ ...archiveRound, tenantId: tenantId(), destNo: 0, status: 'DOING' }));
  expect((await desk.say(statement, shop)).error).toMatchObject({ errno: 1235 });
  await desk.controller.catalog.transaction((tx) => tx.archives.rounds.removeAll({ tenantId: tenantId() }));
  await desk.ok(statement, shop);
});

test('many at once: the first one has it, the same tenant is welcome, everybody else is told whose it is', async () => {
  const other = await makeTenant(desk, 'other');
  const data = `ALTER SYSTEM SET data_backup_dest = 'file://${scratch}/one'`;
  const log = `ALTER SYSTEM SET log_archive_dest = 'LOCATION=file://${scratch}/one'`;
  const answers = await Promise.all([
    ...[shop, shop, other].map((as) => desk.say(data, as)),
    ...[shop, other].map((as) => desk.say(log, as)),
    desk.say(data.replace('one', 'two'), other),
  ]);
  expect(answers.map(({ error }) => error?.errno ?? 0)).toEqual([0, 0, 9081, 9081, 9081, 0]);
});

test('another server that took the directory in the moment between', async () => {
  const writing = desk.controller.openMedium({
    ...parseDestination(`file://${scratch}/data`, desk.controller.release),
  });
  before = async (key) => {
    if (key !== 'format.obbak') return;
    before = null;
    await writing.putSmall(key, Buffer.from('theirs'), 'create');
  };
  const { error } = await desk.say(`ALTER SYSTEM SET data_backup_dest = 'file://${scratch}/data'`, shop);
  await writing.close();
  expect(error).toMatchObject({ errno: 9081 });
});
