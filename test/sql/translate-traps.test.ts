import { beforeEach, describe, expect, test } from 'vitest';
import { type TableSource, viewColumn } from '../../src/sql/schema.ts';
import { columnKey } from '../../src/sql/translate/text-key.ts';
import { type Fixture, fixture } from './tenant-fixture.ts';

let at: Fixture;

beforeEach(() => {
  at = fixture();
});

const answer = (sql: string, parameters: readonly (number | bigint | string | null)[] = []) =>
  at.run(sql, parameters).rows;
const labels = (sql: string) => at.plan(sql).columns.map(({ label }) => label);

function jobs(): void {
  at.run(
    'create table jobs (job_id bigint primary key, status varchar(16), start_scn bigint, bytes bigint, began timestamp(6) null)',
  );
  at.run(`insert into jobs values (1, 'DOING', 1710381566535897000, 1740000001, '2026-03-14 09:59:26.535897'),
    (2, 'COMPLETED', 1710381566535897001, 3, '2026-03-14 23:30:00'), (3, 'doing', null, null, null)`);
}

describe('what prepares fine in SQLite and would answer wrongly', () => {
  test('division is decimal, DIV is not', () => {
    jobs();
    expect(answer('select sum(bytes)/1024/1024 from jobs')).toEqual([['1659.39331436']]);
    expect(answer('select 7/2, 7 div 2, -7 div 2, 1/3*3')).toEqual([['3.5000', '3', '-3', '1.0000']]);
  });

  test('labels are the text as typed', () => {
    jobs();
    expect(labels('select job_id, JOB_ID, count(*), 1 + 1, status as s, `status` from jobs')).toEqual([
      'job_id',
      'JOB_ID',
      'count(*)',
      '1 + 1',
      's',
      'status',
    ]);
  });

  test('letters of any case are equal, unless the column is binary', () => {
    jobs();
    expect(answer("select job_id from jobs where status = 'doing' order by 1")).toEqual([['1'], ['3']]);
    expect(answer("select count(*) from jobs where status in ('Doing', 'x')")).toEqual([['2']]);
    expect(answer("select count(*) from jobs where upper(status) = 'doing'")).toEqual([['2']]);
    expect(answer("select count(*) from jobs where binary status = 'doing'")).toEqual([['1']]);
    expect(answer('select status, count(*) from jobs group by status order by 2')).toHaveLength(2);
    expect(answer('select distinct concat(status) from jobs')).toHaveLength(2);
    expect(answer("select max(concat(status, '')) = 'DOING' from jobs")).toEqual([['1']]);
  });

  test('an SCN survives', () => {
    jobs();
    expect(at.plan('select start_scn from jobs').wideIntegers).toBe(true);
    expect(answer('select start_scn from jobs where start_scn = 1710381566535897001')).toEqual([
      ['1710381566535897001'],
    ]);
    expect(answer("select job_id from jobs where start_scn = '1710381566535897001'")).toEqual([['2']]);
    expect(answer('select max(start_scn), max(start_scn) - min(start_scn) from jobs')).toEqual([
      ['1710381566535897001', '1'],
    ]);
    expect(answer('select start_scn from jobs where start_scn > ? order by 1', [1710381566535897000n])).toEqual([
      ['1710381566535897001'],
    ]);
  });

  test('|| is OR, double quotes make strings', () => {
    expect(answer('select 1 || 0, 0 || 0, 1 && 0, !1, 1 xor 1, "x"')).toEqual([['1', '0', '0', '0', '0', 'x']]);
  });

  test('the clock follows the session, has the precision asked for and stands still in a statement', () => {
    expect(
      answer('select now(), now(3), current_timestamp(6), curdate(), curtime(), utc_timestamp(6), utc_date()'),
    ).toEqual([
      [
        '2026-03-14 09:59:26',
        '2026-03-14 09:59:26.535',
        '2026-03-14 09:59:26.535897',
        '2026-03-14',
        '09:59:26',
        '2026-03-14 01:59:26.535897',
        '2026-03-14',
      ],
    ]);
    expect(answer('select unix_timestamp(), now() = now()')).toEqual([['1773453566', '1']]);
  });

  test('COUNT of several distinct columns and GROUP_CONCAT with order and separator', () => {
    jobs();
    expect(answer('select count(distinct status, bytes), count(distinct status) from jobs')).toEqual([['2', '2']]);
    expect(answer("select group_concat(job_id order by job_id desc separator '; ') from jobs")).toEqual([['3; 2; 1']]);
    expect(answer('select group_concat(distinct status order by status) from jobs')).toEqual([['COMPLETED,DOING']]);
  });

  test('numbers as strings compare as numbers, parameters by what they meet', () => {
    jobs();
    expect(answer("select 10 > '9', '10' > '9', 1 = '1abc'")).toEqual([['1', '0', '1']]);
    expect(answer('select job_id from jobs where job_id = ?', ['2'])).toEqual([['2']]);
    expect(answer('select job_id from jobs where job_id = ?', [2])).toEqual([['2']]);
    expect(answer('select job_id from jobs where status = ?', ['completed'])).toEqual([['2']]);
    expect(answer('select job_id from jobs where began = ?', ['2026-03-14 23:30:00'])).toEqual([['2']]);
    expect(answer('select job_id from jobs order by job_id limit ?', ['1'])).toEqual([['1']]);
  });

  test('a second row of a scalar subquery is an error', () => {
    jobs();
    expect(() => answer('select (select job_id from jobs)')).toThrow(/more than 1 row/);
    expect(answer('select (select job_id from jobs where job_id > 5)')).toEqual([[null]]);
  });

  test('integer overflow is an error, not a double', () => {
    expect(() => answer('select 9223372036854775807 + 1')).toThrow(/BIGINT value is out of range/);
    expect(() => answer('select 4611686018427387904 * 2 + 1')).toThrow(/BIGINT value is out of range/);
    expect(() => answer('select cast(1 as unsigned) - 2')).toThrow(/BIGINT UNSIGNED value is out of range/);
    expect(answer('select ~0, 18446744073709551615, cast(-1 as unsigned)')).toEqual([
      Array(3).fill('18446744073709551615'),
    ]);
  });

  test('decimals stay exact beyond what a double holds', () => {
    expect(answer('select 0.1 + 0.2 = 0.3, 12345678901234.56 * 100.01, 99999999999999999.99 + 0.01')).toEqual([
      ['1', '1234691346912468.3456', '100000000000000000.00'],
    ]);
  });
});

describe('timestamps', () => {
  test('are kept in UTC and read in the zone of the session', () => {
    jobs();
    expect(at.db.prepare('select began from "shop.jobs" where job_id = 1').pluck().get()).toBe(
      '2026-03-14 01:59:26.535897',
    );
    expect(answer('select began, date(began), hour(began) from jobs where job_id = 2')).toEqual([
      ['2026-03-14 23:30:00.000000', '2026-03-14', '23'],
    ]);
  });

  test('follow a zone with summer time', () => {
    const berlin = fixture({ timeZone: 'Europe/Berlin' });
    berlin.run('create table m (id int primary key, at timestamp null)');
    berlin.run(
      "insert into m values (1, '2026-01-15 12:00:00'), (2, '2026-07-15 12:00:00'), (3, '2026-03-29 02:30:00')",
    );
    expect(berlin.db.prepare('select at from "shop.m" order by id').pluck().all()).toEqual([
      '2026-01-15 11:00:00',
      '2026-07-15 10:00:00',
      '2026-03-29 01:30:00',
    ]);
    expect(berlin.run('select at from m where id < 3 order by id').rows).toEqual([
      ['2026-01-15 12:00:00'],
      ['2026-07-15 12:00:00'],
    ]);
    expect(berlin.run("select id from m where at = '2026-07-15 12:00:00'").rows).toEqual([['2']]);
    expect(berlin.run('select id from m where at < now() - interval 30 day order by id').rows).toEqual([['1']]);
  });

  test('compare on the bare column, texts by the keys of their index', () => {
    jobs();
    at.db.exec(
      `create index began_at on "shop.jobs"(began); create index by_status on "shop.jobs"(${columnKey('"status"')})`,
    );
    const steps = (sql: string) => {
      const plan = at.plan(sql);
      const found = at.db.prepare(`explain query plan ${plan.sql}`).all(...plan.binds.map(() => null)) as {
        detail: string;
      }[];
      return found.map(({ detail }) => detail).join('; ');
    };
    expect(steps("select job_id from jobs where began > '2026-01-01'")).toMatch(/SEARCH .* USING .*began_at/);
    expect(steps('select job_id from jobs where began > now() - interval 1 day')).toMatch(/SEARCH .* USING .*began_at/);
    expect(steps("select job_id from jobs where status = 'doing'")).toMatch(/SEARCH .* USING .*by_status/);
    expect(steps('select job_id from jobs where job_id = 5')).toMatch(/SEARCH/);
  });
});

describe('views', () => {
  test("are read in brackets and take named parameters beside the statement's own", () => {
    const view: TableSource = {
      schema: 'oceanbase',
      name: 'DBA_OB_JOBS',
      kind: 'view',
      sql: "SELECT 7 AS job_id, @tenantId AS tenant_id, 'DOING' AS status, '2026-03-14 01:00:00.000000' AS started",
      columns: [
        viewColumn('JOB_ID', { name: 'bigint' }),
        viewColumn('TENANT_ID', { name: 'bigint' }),
        viewColumn('STATUS', { name: 'varchar', length: 64 }),
        viewColumn('STARTED', { name: 'timestamp', scale: 6 }),
      ],
      primaryKey: [],
      uniqueKeys: [],
    };
    at.tables.set('oceanbase.dba_ob_jobs', view);
    const sql = "select job_id, x.* from oceanbase.dba_ob_jobs x where x.status = 'doing' and tenant_id = 1002 limit 5";
    expect(at.plan(sql).namedBinds).toEqual(['tenantId']);
    expect(answer(sql)).toEqual([['7', '7', '1002', 'DOING', '2026-03-14 09:00:00.000000']]);
    expect(at.plan(sql).uses).toEqual([{ table: { schema: 'oceanbase', name: 'DBA_OB_JOBS' }, privilege: 'SELECT' }]);
    expect(
      at.plan(sql).columns.map(({ label, table, orgTable, orgName }) => [label, table, orgTable, orgName])[1],
    ).toEqual(['JOB_ID', 'x', 'DBA_OB_JOBS', 'JOB_ID']);
  });
});
