import { spawn } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { selfSigned } from './certificate.ts';
import { column, startToy, type ToyServer } from './toy-server.ts';

let plain: ToyServer;
let secure: ToyServer;

const table = {
  columns: [
    column('ID', { name: 'bigint' }),
    column('MADE', { name: 'timestamp', scale: 6 }),
    column('PRICE', { name: 'decimal', precision: 10, scale: 2 }),
    column('RAW', { name: 'blob' }),
  ],
  rows: [
    [1758000000000000001n, '2024-02-29 23:59:59.000001', 1.5, new Uint8Array([0, 255])],
    [null, null, null, null],
  ],
};

beforeAll(async () => {
  const limits = { maxAllowedPacketBytes: 64_000_000 };
  plain = await startToy({ limits });
  secure = await startToy({ limits, tls: selfSigned() });
  for (const toy of [plain, secure]) toy.tables.set('t', table);
});

afterAll(async () => {
  await plain.listener.close();
  await secure.listener.close();
});

interface Outcome {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program beside the server, which lives in this process. */
function run(program: string, words: readonly string[], input: string | Buffer = ''): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, words);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
    child.stdin.on('error', () => undefined);
    child.on('error', reject);
    child.on('close', (status) =>
      resolve({ status, out: Buffer.concat(out).toString('latin1'), err: Buffer.concat(err).toString('latin1') }),
    );
    child.stdin.end(input);
  });
}

const account = (toy: ToyServer, password = 'secret') => [
  '--no-defaults',
  '-h127.0.0.1',
  `-P${toy.port}`,
  '-uroot@tenant#cluster',
  `-p${password}`,
];
const cli = (toy: ToyServer, words: readonly string[], input: string | Buffer = '') =>
  run('mariadb', [...account(toy), ...words], input);
const last = (toy: ToyServer) => toy.handlers.at(-1)!;

describe('the mariadb command line', () => {
  test('reads rows', async () => {
    const { status, out } = await cli(plain, ['--batch', '-e', 'select * from t']);
    expect(out).toBe(
      'ID\tMADE\tPRICE\tRAW\n1758000000000000001\t2024-02-29 23:59:59.000001\t1.50\t\\0\xff\nNULL\tNULL\tNULL\tNULL\n',
    );
    expect(status).toBe(0);
    expect(last(plain).user).toBe('root@tenant#cluster');
    await expect.poll(() => last(plain).closedTimes).toBe(1);
  });

  test('switches to TLS by itself where it is offered, and leaves without harm', async () => {
    for (let i = 0; i < 5; i++) {
      expect((await cli(secure, ['-e', 'select * from t'])).status).toBe(0);
      expect(last(secure).connection.tls).toBe(true);
      await expect.poll(() => last(secure).closedTimes).toBe(1);
    }
    expect((await cli(secure, ['--skip-ssl', '-e', 'select 1'])).status).toBe(0);
    expect(last(secure).connection.tls).toBe(false);
    expect((await cli(plain, ['-e', 'select 1'])).status).toBe(0);
    expect(secure.logged).toEqual([]);
  });

  test.each(['caching_sha2_password', 'client_ed25519', 'mysql_clear_password', 'mysql_native_password'])(
    'beginning with %s ends with the native plugin',
    async (plugin) => {
      const { status, out } = await cli(secure, [`--default-auth=${plugin}`, '-e', 'select 5']);
      expect([status, out]).toEqual([0, 'echo\n5\n']);
      const wrong = await run('mariadb', [...account(secure, 'no'), `--default-auth=${plugin}`, '-e', 'select 5']);
      expect(wrong.err).toContain(
        "ERROR 1045 (42000): Access denied for user 'root'@'127.0.0.1' (using password: YES)",
      );
    },
  );

  test('several statements at once', async () => {
    const { out } = await cli(plain, ['--delimiter=//', '-e', 'insert; select 1; select 2 //']);
    expect(out).toBe('echo\n1\necho\n2\n');
    expect(last(plain).calls.at(-1)).toBe('query insert; select 1; select 2');
  });

  test('shows errors with number and state', async () => {
    const { status, err } = await cli(plain, ['-e', 'nonsense']);
    expect([status, err.includes('ERROR 1064 (42000)')]).toEqual([1, true]);
  });

  test('chooses a database, and is told when there is none', async () => {
    expect((await cli(plain, ['-D', 'oceanbase', '-e', 'select 1'])).status).toBe(0);
    expect(last(plain).database).toBe('oceanbase');
    const { err } = await cli(plain, [], 'use missing\n');
    expect(err).toContain("ERROR 1049 (42000) at line 1: Unknown database 'missing'");
  });

  test('speaks GBK', async () => {
    const query = Buffer.concat([Buffer.from('select '), Buffer.from('b1b8b7dd', 'hex'), Buffer.from(';\n')]);
    const { out } = await cli(plain, ['--default-character-set=gbk'], query);
    expect(out).toBe('echo\n\xb1\xb8\xb7\xdd\n');
    expect(last(plain).calls.at(-1)).toBe('query select \u5907\u4efd');
  });

  test('sends 20 MB and reads them back, plain and encrypted', async () => {
    const text = 'z'.repeat(20_000_000);
    for (const toy of [plain, secure]) {
      const { status, out, err } = await cli(toy, ['--max-allowed-packet=64M', '-N'], `select ${text};\n`);
      expect([status, err]).toEqual([0, '']);
      expect(out.length).toBe(text.length + 1);
    }
  });

  test('mariadb-admin: ping, status', async () => {
    expect((await run('mariadb-admin', [...account(plain), 'ping'])).out).toBe('mysqld is alive\n');
    expect((await run('mariadb-admin', [...account(plain), 'status'])).out).toBe('Active threads not support\n');
  });
});

/** Python with a connection `c` and a cursor `k`. */
function python(toy: ToyServer, options: string, body: string): Promise<Outcome> {
  const lines = [
    'import pymysql, datetime, decimal',
    `c = pymysql.connect(host='127.0.0.1', port=${toy.port}, user='root@tenant', password='secret'${options})`,
    'k = c.cursor()',
    ...body
      .trim()
      .split('\n')
      .map((line) => line.trimEnd()),
    "print('done')",
  ];
  return run('/usr/bin/python3', ['-'], lines.join('\n'));
}

describe('pymysql', () => {
  test('reads typed values', async () => {
    const { out, err } = await python(
      plain,
      '',
      `
k.execute('select * from t')
print(repr(k.fetchall()))
print([d[0] for d in k.description])
`,
    );
    expect(err).toBe('');
    expect(out).toBe(
      "((1758000000000000001, datetime.datetime(2024, 2, 29, 23, 59, 59, 1), Decimal('1.50'), b'\\x00\\xff'), " +
        "(None, None, None, None))\n['ID', 'MADE', 'PRICE', 'RAW']\ndone\n",
    );
  });

  test('checks every sequence number, also behind a command of several frames', async () => {
    const { out, err } = await python(
      plain,
      ', max_allowed_packet=64000000, client_flag=65536',
      `
for size in (10, 16777207, 20000000):
  k.execute('select ' + 'q' * size)
  print(len(k.fetchone()[0]))
k.execute('insert; select 2; begin')
print(k.rowcount, k.lastrowid)
while k.nextset():
  print(k.fetchall())
c.ping(reconnect=False)
c.select_db('other')
print(c.get_server_info(), c.thread_id() > 2**31)
try:
  k.execute('nonsense')
except pymysql.err.ProgrammingError as e:
  print(e.args[0])
`,
    );
    expect(err).toBe('');
    expect(out).toBe("10\n16777207\n20000000\n3 9007199254740993\n(('2',),)\n()\n5.7.25 True\n1064\ndone\n");
    expect(last(plain).database).toBe('other');
  });

  test('its raw bytes in a literal reach the handler unharmed', async () => {
    const { out } = await python(plain, '', "k.execute('insert %s', (bytes([0x80, 0xff, 0x41]),))\n");
    expect(out).toBe('done\n');
    expect(last(plain).calls).toContain("query insert '\udc80\udcffA'");
  });

  test('speaks GBK and TLS', async () => {
    const { out, err } = await python(
      secure,
      ", charset='gbk', ssl={'check_hostname': False, 'verify_mode': False}",
      "k.execute('select \\u5907\\u4efd')\nprint(k.fetchone()[0] == '\\u5907\\u4efd')\n",
    );
    expect([out, err]).toEqual(['True\ndone\n', '']);
    expect(last(secure).connection.tls).toBe(true);
  });
});
