import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mysql from 'mysql2/promise';
import { expect, test } from 'vitest';
import { startServerProcess } from '../../examples/server-process.ts';
import { createTenant, oneValue } from './server-fixture.ts';

const megabytes = 120;

test('what a statement sorts, copies or may have to take back lies on the disk of the tenants, not in memory', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'obvault-spill-'));
  const server = await startServerProcess(dataDir, {});
  try {
    const connect = (user: string) => mysql.createConnection({ host: '127.0.0.1', port: server.port, user });
    const sys = await connect('root@sys');
    await createTenant(sys, 'shop');
    const shop = await connect('root@shop');
    await shop.query('SET ob_query_timeout = 600000000');
    await shop.query('CREATE DATABASE d');
    await shop.query('CREATE TABLE d.t (id INT PRIMARY KEY AUTO_INCREMENT, v VARCHAR(2100))');
    const numbers = 'WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 5000)';
    for (let at = 0; at < megabytes; at += 10)
      await shop.query(`INSERT INTO d.t (v) ${numbers} SELECT CONCAT(i, '-${at}-', REPEAT('x', 2000)) FROM n`);
    writeFileSync(`/proc/${server.pid}/clear_refs`, '5');
    const peakMb = () =>
      Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) / 1024;
    const beforeMb = peakMb();
    const spilled = new Set<string>();
    const whileLooking = async (work: Promise<unknown>) => {
      let over = false;
      const ended = work.finally(() => {
        over = true;
      });
      for (; !over; await new Promise((later) => setTimeout(later, 5)))
        for (const file of open(server.pid)) spilled.add(file);
      await ended;
    };
    await whileLooking(shop.query('SELECT COUNT(*) FROM (SELECT v FROM d.t ORDER BY REVERSE(v) LIMIT 100000) s'));
    await shop.query('BEGIN');
    await whileLooking(shop.query("UPDATE d.t SET v = CONCAT('y', v)"));
    await shop.query('ROLLBACK');
    await whileLooking(shop.query('INSERT INTO d.t (v) SELECT v FROM d.t'));
    // In memory it was three times as much as the table.
    expect(peakMb() - beforeMb).toBeLessThan(1.5 * megabytes);
    expect([...spilled].some((file) => file.startsWith(join(dataDir, 'temp/')))).toBe(true);
    expect(await oneValue(shop, 'SELECT COUNT(*) FROM d.t')).toBe(2 * 5000 * (megabytes / 10));
    expect(readdirSync(join(dataDir, 'temp'))).toEqual([]);
    await shop.end();
    await sys.end();
  } finally {
    await server.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});

function open(pid: number): readonly string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return [];
    }
  });
}
