import { mkdtempSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, test, vi } from 'vitest';
import { systemClock } from '../../src/base/clock.ts';
import { createDataFile } from '../../src/tenants/embedded/connection.ts';
import { Restores } from '../../src/tenants/embedded/restores.ts';
import { newTenantRows } from '../../src/tenants/embedded/settings.ts';
import { mysqlTenant } from './engine-fixture.ts';

const done: string[] = [];
vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    fsyncSync(fd: number) {
      done.push(`sync ${fs.readlinkSync(`/proc/self/fd/${fd}`)}`);
      fs.fsyncSync(fd);
    },
    renameSync(from: string, to: string) {
      done.push(`rename ${to}`);
      fs.renameSync(from, to);
    },
  };
});

const scn = systemClock.nowNs();
const root = mkdtempSync(join(tmpdir(), 'restores-'));
afterAll(() => rmSync(root, { recursive: true }));

test('a restored tenant is there after a loss of power: its file, and the directory that was made for it', () => {
  const made = join(root, 'made.db');
  createDataFile(made, scn, newTenantRows(mysqlTenant));
  const restores = new Restores(join(root, 'tenants'));
  const { dbFd, path } = restores.begin(1002);
  writeSync(dbFd, readFileSync(made));
  restores.finish(1002, scn);
  const directory = dirname(path);
  const last = [`rename ${join(directory, 'data.db')}`, `sync ${directory}`, `sync ${dirname(directory)}`];
  expect(done.slice(-3)).toEqual(last);
  restores.finish(1002, scn);
  expect(done.slice(-2)).toEqual(last.slice(-2));
});
