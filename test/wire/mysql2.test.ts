import mysql from 'mysql2/promise';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cell } from '../../src/value/column-type.ts';
import { selfSigned } from './certificate.ts';
import { column, startToy, type ToyServer } from './toy-server.ts';

let toy: ToyServer;
let client: mysql.Connection;

const columns = [
  column('id', { name: 'bigint' }),
  column('small', { name: 'tinyint' }),
  column('price', { name: 'decimal', precision: 12, scale: 3 }),
  column('ratio', { name: 'double' }),
  column('name', { name: 'varchar', length: 64 }),
  column('made', { name: 'timestamp', scale: 6 }),
  column('day', { name: 'date' }),
  column('took', { name: 'time', scale: 3 }),
  column('note', { name: 'longtext' }),
  column('raw', { name: 'longblob' }),
];
const rows: Cell[][] = [
  [
    1758000000000000001n,
    -5,
    12.5,
    0.1,
    '\u5907\u4efd \u{1f600}',
    '2024-02-29 23:59:59.000001',
    '2024-02-29',
    '-101:02:03.500',
    'x'.repeat(70_000),
    new Uint8Array([0, 255, 254]),
  ],
  columns.map(() => null),
  [7, 0, 0, -1.5e300, '', '2024-01-01 00:00:00.000000', '1000-01-01', '00:00:00.000', '', new Uint8Array(0)],
];
const expected = [
  {
    id: '1758000000000000001',
    small: -5,
    price: '12.500',
    ratio: 0.1,
    name: '\u5907\u4efd \u{1f600}',
    made: '2024-02-29 23:59:59.000001',
    day: '2024-02-29',
    took: '-101:02:03.500',
    note: 'x'.repeat(70_000),
    raw: Buffer.from([0, 255, 254]),
  },
  Object.fromEntries(columns.map(({ label }) => [label, null])),
  {
    id: '7',
    small: 0,
    price: '0.000',
    ratio: -1.5e300,
    name: '',
    made: '2024-01-01 00:00:00.000000',
    day: '1000-01-01',
    took: '00:00:00.000',
    note: '',
    raw: Buffer.alloc(0),
  },
];

const options = (more: mysql.ConnectionOptions = {}): mysql.ConnectionOptions => ({
  host: '127.0.0.1',
  port: toy.port,
  user: 'root@tenant#cluster',
  password: 'secret',
  database: 'oceanbase',
  supportBigNumbers: true,
  bigNumberStrings: true,
  dateStrings: true,
  ...more,
});

beforeAll(async () => {
  toy = await startToy({ limits: { maxAllowedPacketBytes: 64_000_000 }, tls: selfSigned() });
  toy.tables.set('t', { columns, rows });
  client = await mysql.createConnection(options({ multipleStatements: true }));
});

afterAll(async () => {
  await client.end();
  await toy.listener.close();
});

describe('npm mysql2', () => {
  test('reads every type in the text protocol', async () => {
    const [found] = await client.query('select * from t');
    expect(found).toEqual(expected);
    expect(toy.handlers[0]!.database).toBe('oceanbase');
  });

  test('reads every type in the binary protocol', async () => {
    const [found] = await client.execute('select * from t where id = ?', [1]);
    // A fraction of zero does not travel in this protocol, and the client prints what travelled.
    const [first, nulls, last] = expected;
    const cut = { ...last, made: '2024-01-01 00:00:00', took: '00:00:00' };
    expect(found).toEqual([{ ...first, took: '-101:02:03.5' }, nulls, cut]);
  });

  test('binds numbers, texts, nulls, dates and bytes', async () => {
    const when = new Date(Date.UTC(2024, 1, 29, 1, 2, 3, 4));
    const bytes = Buffer.from([0, 255, 1]);
    await client.execute({ sql: 'insert ?, ?, ?, ?, ?, ?', values: [1.5, '\u5907', null, when, bytes, true] });
    const handler = toy.handlers[0]!;
    const [number, text, nothing, date, raw, yes] = handler.lastParameters;
    expect([number, text, nothing, Number(yes)]).toEqual([1.5, '\u5907', null, 1]);
    expect(date).toMatch(/^2024-0[23]-\d\d \d\d:\d\d:03\.004000$/);
    expect(Buffer.from(raw as Uint8Array)).toEqual(bytes);
  });

  test('runs a statement again without sending the types', async () => {
    for (const value of ['a', 'b', 'c']) {
      await client.execute('insert ?', [value]);
      expect(toy.handlers[0]!.lastParameters).toEqual([value]);
    }
    client.unprepare('insert ?');
    await client.ping();
    expect(toy.handlers[0]!.calls.at(-2)).toBe('closeStatement');
  });

  test('reads OK fields', async () => {
    const [ok] = await client.query('update');
    expect(ok).toMatchObject({
      affectedRows: 3,
      insertId: '9007199254740993',
      warningStatus: 2,
      info: 'Rows matched: 3',
    });
  });

  test('reads several results', async () => {
    const [found] = await client.query('insert; select * from t; select 5; begin');
    expect(found).toMatchObject([{ affectedRows: 3 }, expected, [{ echo: '5' }], { serverStatus: 3 }]);
  });

  test('reads errors and goes on', async () => {
    await expect(client.query('nonsense')).rejects.toMatchObject({ errno: 1064, sqlState: '42000' });
    await expect(client.query('insert; nonsense; insert')).rejects.toMatchObject({ errno: 1064 });
    await expect(client.execute('nonsense')).rejects.toMatchObject({ errno: 1064 });
    await client.ping();
  });

  // The client itself misframes commands of 0xFFFFFF - 3 to - 1 bytes; `large.test.ts` has those.
  test.each([16_777_200, 16_777_207, 16_777_216, 20_000_000])('a query and a row of %d bytes', async (size) => {
    const text = 'y'.repeat(size);
    const [found] = (await client.query(`select ${text}`)) as unknown as [{ echo: string }[]];
    expect(found[0]!.echo === text).toBe(true);
  });

  test('a row of exactly 0xFFFFFF bytes, in both protocols', async () => {
    const payload = 'z'.repeat(0xff_ffff - 4);
    toy.tables.set('edge', { columns: [column('a', { name: 'longtext' })], rows: [['before'], [payload], ['after']] });
    for (const found of [await client.query('select * from edge'), await client.execute('select * from edge')]) {
      const read = found[0] as { a: string }[];
      expect(read.map(({ a }) => a.length)).toEqual([6, payload.length, 5]);
    }
  });

  test('many rows arrive complete', async () => {
    const many = Array.from({ length: 30_000 }, (_, i): Cell[] => [i, `row ${i}`]);
    toy.tables.set('many', { columns: [column('i', { name: 'int' }), column('s', { name: 'varchar' })], rows: many });
    const [found] = (await client.query({ sql: 'select * from many', rowsAsArray: true })) as unknown as [Cell[][]];
    expect(found).toEqual(many);
  });

  test('changes the user and drops the statements', async () => {
    await using own = await mysql.createConnection(options());
    const handler = toy.handlers.at(-1)!;
    await own.execute('insert ?', [1]);
    await own.changeUser({ user: 'other@t2', password: '2', database: 'd2' });
    expect([handler.user, handler.database]).toEqual(['other@t2', 'd2']);
    await own.ping();
    const denied = own.changeUser({ user: 'other', password: 'wrong' });
    await expect(denied).rejects.toMatchObject({ errno: 1045, sqlState: '42000' });
  });

  test('resets the connection', async () => {
    await using own = await mysql.createConnection(options());
    await own.reset();
    expect(toy.handlers.at(-1)!.calls).toEqual(['login', 'resetConnection']);
  });

  test('speaks TLS', async () => {
    await using own = await mysql.createConnection(options({ ssl: { rejectUnauthorized: false } }));
    const { connection } = toy.handlers.at(-1)!;
    expect(connection.tls).toBe(true);
    const [found] = await own.query('select * from t');
    expect(found).toEqual(expected);
    const text = 'y'.repeat(3_000_000);
    const [large] = (await own.query(`select ${text}`)) as unknown as [{ echo: string }[]];
    expect(large[0]!.echo === text).toBe(true);
  });

  test('tells the wrong password apart over TLS, too', async () => {
    const wrong = mysql.createConnection(options({ ssl: { rejectUnauthorized: false }, password: 'no' }));
    await expect(wrong).rejects.toMatchObject({ errno: 1045 });
  });

  test('asks for another character set', async () => {
    await using own = await mysql.createConnection(options({ charset: 'GBK_CHINESE_CI' }));
    const [found] = await own.query('select \u5907\u4efd');
    expect(found).toEqual([{ echo: '\u5907\u4efd' }]);
    expect(toy.handlers.at(-1)!.lastLogin!.charset.name).toBe('gbk');
  });

  test('leaves without harm', async () => {
    const own = await mysql.createConnection(options({ ssl: { rejectUnauthorized: false } }));
    const handler = toy.handlers.at(-1)!;
    own.query('wait').catch(() => undefined);
    await expect.poll(() => handler.calls.at(-1)).toBe('query wait');
    own.destroy();
    await expect.poll(() => handler.closedTimes).toBe(1);
    expect(toy.logged).toEqual([]);
  });
});
