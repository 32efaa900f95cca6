import { once } from 'node:events';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { faultText } from '../../src/base/errors.ts';
import { nativeResponse } from '../../src/wire/auth.ts';
import { capability } from '../../src/wire/protocol.ts';
import { clientFlags, frame, loginPayload, RawClient } from './raw-client.ts';
import { column, startToy, type ToyServer } from './toy-server.ts';

const errno = (payload: Buffer) => (payload[0] === 0xff ? payload.readUInt16LE(1) : 0);
const message = (payload: Buffer) => payload.subarray(9).toString('utf8');

async function loggedIn(toy: ToyServer): Promise<RawClient> {
  const client = new RawClient(toy.port);
  expect(errno((await client.login()).payload)).toBe(0);
  return client;
}

describe('login', () => {
  test('OK has AUTOCOMMIT, sequence 2 and no session state', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    const ok = await client.login('root@tenant#cluster:1');
    expect(ok.sequence).toBe(2);
    expect(ok.payload.toString('hex')).toBe('00000002000000');
    expect(toy.handlers[0]!.user).toBe('root@tenant#cluster:1');
    expect(toy.handlers[0]!.connection).toMatchObject({ foundRows: true, multiStatements: false, tls: false });
  });

  test.each([
    ['root@t', 'wrong', "Access denied for user 'root'@'127.0.0.1' (using password: YES)"],
    ['root', '', "Access denied for user 'root'@'127.0.0.1' (using password: NO)"],
    ['stranger', 'x', "Access denied for user 'stranger'@'127.0.0.1' (using password: YES)"],
  ])('%s with %j is refused and closed', async (user, password, text) => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    const { payload } = await client.login(user, password);
    expect(errno(payload)).toBe(1045);
    expect(payload.subarray(3, 9).toString()).toBe('#42000');
    expect(message(payload)).toBe(text);
    client.socket.end();
    await client.end();
  });

  test('a client with another plugin is asked to switch', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    const asked = await client.login('root', 'x', { plugin: 'caching_sha2_password' });
    expect(asked.sequence).toBe(2);
    expect(asked.payload.subarray(0, 23).toString('latin1')).toBe('\xfemysql_native_password\0');
    client.send(nativeResponse('secret', asked.payload.subarray(23, 43)), 3);
    const ok = (await client.packet())!;
    expect([ok.sequence, ok.payload[0]]).toEqual([4, 0]);
    client.send('\x0e');
    expect((await client.packet())!.payload[0]).toBe(0);
  });

  test('a packet of more than 64 KB before the login is 1153', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    await client.packet();
    client.socket.write(Buffer.from('01000101', 'hex'));
    expect(errno((await client.packet())!.payload)).toBe(1153);
    client.socket.end();
    await client.end();
  });

  test('the old protocol and garbage are a bad handshake', async () => {
    await using toy = await startToy();
    for (const payload of [
      Buffer.alloc(3),
      loginPayload('root', Buffer.alloc(0), { flags: 1 }),
      Buffer.alloc(32, 255),
    ]) {
      await using client = new RawClient(toy.port);
      await client.packet();
      client.send(payload, 1);
      expect(errno((await client.packet())!.payload)).toBe(1043);
    }
  });

  test('who does not log in in time is turned out', async () => {
    await using toy = await startToy({ limits: { loginTimeoutMs: 30 } });
    await using silent = new RawClient(toy.port);
    await using busy = await loggedIn(toy);
    await silent.end();
    busy.send('\x0e');
    expect((await busy.packet())!.payload[0]).toBe(0);
  });
});

describe('commands', () => {
  test('thread ids lie beyond 2^31', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    const greeting = (await client.packet())!.payload;
    expect(greeting.readUInt32LE(greeting.indexOf(0) + 1)).toBe(3221487617);
  });

  test('pipelined commands are answered one after the other, also without waiting for the login', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    const greeting = (await client.packet())!.payload;
    const at = greeting.indexOf(0) + 5;
    const salt = Buffer.concat([greeting.subarray(at, at + 8), greeting.subarray(at + 27, at + 39)]);
    client.socket.write(
      Buffer.concat([
        frame(loginPayload('root', nativeResponse('secret', salt)), 1),
        frame('\x03select 1'),
        frame('\x03wait'),
        frame('\x0e'),
        frame('\x03insert'),
      ]),
    );
    const answers = await client.packets(1 + 5);
    expect(answers.map(({ sequence }) => sequence)).toEqual([2, 1, 2, 3, 4, 5]);
    expect(toy.handlers[0]!.calls).toEqual(['login', 'query select 1', 'query wait']);
    toy.handlers[0]!.gate.resolve();
    const rest = await client.packets(3);
    expect(rest.map(({ sequence, payload }) => [sequence, payload[0]])).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(toy.handlers[0]!.calls.slice(3)).toEqual(['ping', 'query insert']);
  });

  test('thousands of pipelined commands neither pile up in memory nor get lost', async () => {
    await using toy = await startToy({ limits: { maxPipelinedBytes: 10_000 } });
    await using client = await loggedIn(toy);
    const count = 3000;
    client.send('\x03wait');
    for (let i = 0; i < count; i++) client.socket.write(frame(`\x03insert ${'x'.repeat(500)}`));
    client.send('\x0e');
    toy.handlers[0]!.gate.resolve();
    const answers = await client.packets(count + 2);
    expect(answers.every(({ sequence, payload }) => sequence === 1 && payload[0] === 0)).toBe(true);
    expect(toy.handlers[0]!.calls.at(-1)).toBe('ping');
  });

  test('a small answer is one write', async () => {
    await using toy = await startToy();
    const columns = [column('a', { name: 'int' }), column('b', { name: 'varchar', length: 9 })];
    toy.tables.set('t', { columns, rows: Array.from({ length: 10 }, (_, i) => [i, `row ${i}`]) });
    await using client = await loggedIn(toy);
    for (let round = 0; round < 3; round++) {
      client.chunks.length = 0;
      client.send('\x03select * from t');
      const packets = await client.packets(1 + 2 + 1 + 10 + 1);
      expect(packets.map(({ sequence }) => sequence)).toEqual(Array.from({ length: 15 }, (_, i) => i + 1));
      expect(packets[3]!.payload.toString('hex')).toBe('fe00000200');
      expect(packets.at(-1)!.payload.toString('hex')).toBe('fe00000200');
      expect(client.chunks.length).toBe(1);
    }
  });

  test('commands the observer does not serve are 1235, one by one', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    const served = [1, 2, 3, 4, 9, 12, 14, 17, 22, 23, 24, 25, 26, 27, 31];
    for (let code = 0; code < 256; code++) {
      if (served.includes(code)) continue;
      client.send(Buffer.of(code, 1, 2, 3));
      const { payload, sequence } = (await client.packet())!;
      expect([code, errno(payload), sequence]).toEqual([code, 1235, 1]);
      expect(payload.subarray(3).toString()).toBe('#0A000Not supported feature or function');
    }
  });

  test('STATISTICS answers the plain text', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send('\x09');
    expect((await client.packet())!.payload.toString()).toBe('Active threads not support');
  });

  test('FIELD_LIST sends definitions with a NULL default and an EOF', async () => {
    await using toy = await startToy();
    toy.tables.set('t', { columns: [column('a', { name: 'int' })], rows: [] });
    await using client = await loggedIn(toy);
    client.send('\x04t\0a%');
    const [definition, eof] = await client.packets(2);
    expect(definition!.payload.at(-1)).toBe(0xfb);
    expect(eof!.payload[0]).toBe(0xfe);
    expect(toy.handlers[0]!.calls.at(-1)).toBe('fieldList t a%');
  });

  test('SET_OPTION switches multi-statements and answers EOF', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    const { connection } = toy.handlers[0]!;
    client.send('\x1b\0\0');
    expect((await client.packet())!.payload[0]).toBe(0xfe);
    expect(connection.multiStatements).toBe(true);
    client.send('\x1b\x01\0');
    await client.packet();
    expect(connection.multiStatements).toBe(false);
    client.send('\x1b\x02\0');
    expect(errno((await client.packet())!.payload)).toBe(1047);
  });

  test('PROCESS_KILL hands over an unsigned id', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send(Buffer.from('0c010004c0', 'hex'));
    expect((await client.packet())!.payload[0]).toBe(0);
    expect(toy.handlers[0]!.calls.at(-1)).toBe('kill 3221487617');
  });

  test('several results carry MORE_RESULTS_EXISTS and go on counting', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    await client.login('root', 'secret', { flags: clientFlags | capability.MULTI_STATEMENTS });
    client.send('\x03insert; select 1; begin');
    const packets = await client.packets(7);
    expect(packets.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(packets[0]!.payload.readUInt16LE(11)).toBe(0x0a);
    expect(packets[5]!.payload.toString('hex')).toBe('fe00000a00');
    expect(packets[6]!.payload.toString('hex')).toBe('00000003000000');
  });

  test('an error in the middle of rows ends the answer, the connection goes on', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send('\x03fail midway');
    const packets = await client.packets(4);
    expect(errno(packets[3]!.payload)).toBe(4012);
    client.send('\x0e');
    expect((await client.packet())!.payload[0]).toBe(0);
  });

  test('a bug is answered with a number that the log knows', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    for (const text of ['bug', 'no answer']) {
      client.send(`\x03${text}`);
      const { payload } = (await client.packet())!;
      expect(errno(payload)).toBe(4016);
      const trace = /^Internal error, trace id: ([0-9a-f]{16})$/.exec(message(payload))![1]!;
      expect(toy.logged.at(-1)).toContain(trace);
    }
    expect(toy.logged[0]).toContain('a bug of the server');
  });

  test('SET NAMES changes texts, results, labels and errors', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send('\x03set names gbk');
    await client.packet();
    client.send(Buffer.from(`03${Buffer.from('select ').toString('hex')}b1b8b7dd`, 'hex'));
    const packets = await client.packets(5);
    expect(packets[3]!.payload.toString('hex')).toBe('04b1b8b7dd');
    expect(toy.handlers[0]!.calls.at(-1)).toBe('query select \u5907\u4efd');
    client.send(Buffer.from('03b1b8b7dd', 'hex'));
    expect((await client.packet())!.payload.toString('latin1')).toContain('\xb1\xb8\xb7\xdd');
    client.send('\x1f');
    await client.packet();
    client.send(Buffer.from('\x03select \u5907'));
    expect((await client.packets(5))[3]!.payload.toString()).toBe('\x03\u5907');
  });

  test('the character set announced at login counts', async () => {
    await using toy = await startToy();
    await using client = new RawClient(toy.port);
    await client.login('root', 'secret', { collation: 28 });
    client.send(Buffer.from(`03${Buffer.from('select ').toString('hex')}b1b8`, 'hex'));
    expect((await client.packets(5))[3]!.payload.toString('hex')).toBe('02b1b8');
    expect(toy.handlers[0]!.lastLogin!.charset.name).toBe('gbk');
  });

  test('a command too long is 1153, read to its end, and then the connection is closed', async () => {
    await using toy = await startToy({ limits: { maxAllowedPacketBytes: 100_000 } });
    await using client = await loggedIn(toy);
    client.send(Buffer.alloc(5_000_000, 3));
    const { payload, sequence } = (await client.packet())!;
    expect([errno(payload), sequence]).toEqual([1153, 1]);
    await client.end();
    await expect.poll(() => toy.listener.connections.size).toBe(0);
  });

  test('a handler may turn its client out with a reason', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send('\x03wait');
    await expect.poll(() => toy.handlers[0]!.calls.at(-1)).toBe('query wait');
    toy.handlers[0]!.connection.disconnect(faultText('OB_SESSION_KILLED', 'Session killed'));
    expect(message((await client.packet())!.payload)).toBe('Session killed');
    client.socket.end();
    await client.end();
    expect(toy.logged).toEqual([]);
  });
});

describe('prepared statements', () => {
  const prepare = (text: string) => Buffer.from(`\x16${text}`);
  const idOf = (payload: Buffer) => payload.readUInt32LE(1);

  test('PREPARE answers counts, parameters and columns, each with its EOF', async () => {
    await using toy = await startToy();
    toy.tables.set('t', { columns: [column('a', { name: 'int' })], rows: [] });
    await using client = await loggedIn(toy);
    client.send(prepare('select * from t where a = ? or a = ?'));
    const packets = await client.packets(6);
    expect(packets[0]!.payload.toString('hex')).toBe('000100000001000200000000');
    expect(packets.map(({ payload }) => payload[0] === 0xfe)).toEqual([false, false, false, true, false, true]);
    client.send(prepare('insert'));
    expect((await client.packet())!.payload.toString('hex')).toBe('000200000000000000000000');
    client.send('\x0e');
    expect((await client.packet())!.payload[0]).toBe(0);
  });

  test('parameters of every type', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    const values: readonly [type: string, bytes: string, cell: unknown][] = [
      ['0100', 'ff', -1n],
      ['0180', 'ff', 255n],
      ['0200', 'feff', -2n],
      ['0280', 'feff', 65534n],
      ['0300', 'fdffffff', -3n],
      ['0380', 'fdffffff', 4294967293n],
      ['0900', '05000000', 5n],
      ['0800', 'ffffffffffffffff', -1n],
      ['0880', 'ffffffffffffffff', 18446744073709551615n],
      ['0800', '0100000000002000', 9007199254740993n],
      ['0400', '0000c03f', 1.5],
      ['0500', '000000000000f83f', 1.5],
      ['0600', '', null],
      ['0a00', '04e807021d', '2024-02-29'],
      ['0c00', '00', '0000-00-00 00:00:00'],
      ['0c00', '07e807021d010203', '2024-02-29 01:02:03'],
      ['0700', '0be807021d0102030a000000', '2024-02-29 01:02:03.000010'],
      ['0b00', '080122000000163b3b', '-838:59:59'],
      ['0b00', '00', '00:00:00'],
      ['f600', '04312e3530', '1.50'],
      ['fd00', '03e5a487', '\u5907'],
      ['fe00', '0200ff', new Uint8Array([0, 255])],
      ['fc00', '026162', new Uint8Array([0x61, 0x62])],
      ['f500', '027b7d', '{}'],
    ];
    client.send(prepare(`insert ${'?,'.repeat(values.length)}`));
    const id = idOf((await client.packets(values.length + 2))[0]!.payload);
    const execute = (newTypes: boolean) => {
      const head = Buffer.alloc(10);
      head[0] = 0x17;
      head.writeUInt32LE(id, 1);
      head[6] = 1;
      const types = newTypes ? `01${values.map(([type]) => type).join('')}` : '00';
      const bytes = values.map(([, value]) => value).join('');
      client.send(Buffer.concat([head, Buffer.alloc((values.length + 7) >> 3), Buffer.from(types + bytes, 'hex')]));
    };
    for (const newTypes of [true, false]) {
      toy.handlers[0]!.lastParameters = [];
      execute(newTypes);
      expect((await client.packet())!.payload[0]).toBe(0);
      expect(toy.handlers[0]!.lastParameters).toEqual(values.map(([, , cell]) => cell));
    }
  });

  const executeOne = (id: number, tail: string) => {
    const head = Buffer.alloc(10);
    head[0] = 0x17;
    head.writeUInt32LE(id, 1);
    return Buffer.concat([head, Buffer.from(tail, 'hex')]);
  };

  test('long data comes in pieces without answers and is used once', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send(prepare('insert ?'));
    const id = idOf((await client.packets(3))[0]!.payload);
    const piece = (text: string) => Buffer.concat([Buffer.from('1801000000' + '0000', 'hex'), Buffer.from(text)]);
    client.send(piece('ab'));
    client.send(piece('cd'));
    client.send(executeOne(id, '0001fd00'));
    expect((await client.packet())!.payload[0]).toBe(0);
    expect(toy.handlers[0]!.lastParameters).toEqual(['abcd']);
    client.send(piece('gone'));
    client.send(Buffer.from('1a01000000', 'hex'));
    expect((await client.packet())!.payload[0]).toBe(0);
    client.send(executeOne(id, '00000178'));
    await client.packet();
    expect(toy.handlers[0]!.lastParameters).toEqual(['x']);
  });

  test('long data that is too long is told by the execution', async () => {
    await using toy = await startToy({ limits: { maxAllowedPacketBytes: 1000 } });
    await using client = await loggedIn(toy);
    client.send(prepare('insert ?'));
    await client.packets(3);
    for (let i = 0; i < 3; i++) client.send(Buffer.concat([Buffer.from('18010000000000', 'hex'), Buffer.alloc(500)]));
    client.send(executeOne(1, '0001fc00'));
    expect(errno((await client.packet())!.payload)).toBe(1153);
    client.send(executeOne(1, '0001fd000178'));
    expect((await client.packet())!.payload[0]).toBe(0);
  });

  test('CLOSE has no answer, and unknown statements are 1243', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send(prepare('insert'));
    await client.packet();
    client.send(Buffer.from('1901000000', 'hex'));
    client.send(Buffer.from('1901000000', 'hex'));
    client.send(executeOne(1, ''));
    const { payload } = (await client.packet())!;
    expect(errno(payload)).toBe(1243);
    expect(message(payload)).toBe('Unknown prepared statement handler (1) given to mysqld_stmt_execute');
    expect(toy.handlers[0]!.calls.filter((call) => call === 'closeStatement')).toHaveLength(1);
  });

  test('RESET_CONNECTION forgets statements; their number is bounded', async () => {
    await using toy = await startToy({ limits: { maxStatements: 2 } });
    await using client = await loggedIn(toy);
    for (const expected of [0, 0, 1461]) {
      client.send(prepare('insert'));
      expect(errno((await client.packet())!.payload)).toBe(expected);
    }
    client.send('\x1f');
    await client.packet();
    client.send(executeOne(1, ''));
    expect(errno((await client.packet())!.payload)).toBe(1243);
    client.send(prepare('insert'));
    expect(errno((await client.packet())!.payload)).toBe(0);
  });
});

describe('clients that misbehave', () => {
  test('one that vanishes in the middle of a query aborts its signal and is closed once', async () => {
    await using toy = await startToy();
    const client = await loggedIn(toy);
    client.send('\x03wait');
    await expect.poll(() => toy.handlers[0]!.calls.at(-1)).toBe('query wait');
    const { signal } = toy.handlers[0]!.connection;
    const aborted = once(signal, 'abort');
    client.socket.resetAndDestroy();
    await aborted;
    await expect.poll(() => toy.handlers[0]!.closedTimes).toBe(1);
    await expect.poll(() => toy.listener.connections.size).toBe(0);
    expect(toy.logged).toEqual([]);
  });

  test('one that stops reading is waited for, and what it missed is dropped when it leaves', async () => {
    await using toy = await startToy();
    const rows = Array.from({ length: 2000 }, () => ['x'.repeat(10_000)]);
    toy.tables.set('t', { columns: [column('a', { name: 'longtext' })], rows });
    const client = await loggedIn(toy);
    client.socket.pause();
    client.send('\x03select * from t');
    await expect.poll(() => toy.handlers[0]!.calls.at(-1)).toBe('query select * from t');
    client.socket.destroy();
    await expect.poll(() => toy.handlers[0]!.closedTimes).toBe(1);
    expect(toy.logged).toEqual([]);
    await using other = await loggedIn(toy);
    other.send('\x03select * from t');
    expect((await other.packets(2004)).at(-1)!.payload[0]).toBe(0xfe);
  });

  test('one that reads slowly gets every byte in order', async () => {
    await using toy = await startToy();
    const rows = Array.from({ length: 2000 }, (_, i) => [`${i} `.padEnd(10_000, String(i % 10))]);
    toy.tables.set('t', { columns: [column('a', { name: 'longtext' })], rows });
    await using client = await loggedIn(toy);
    client.socket.pause();
    client.send('\x03select * from t');
    await expect.poll(() => toy.handlers[0]!.waits).toBe(1);
    client.socket.resume();
    const packets = await client.packets(2004);
    expect(packets.map(({ sequence }) => sequence)).toEqual(packets.map((_, i) => (i + 1) & 0xff));
    expect(packets.slice(3, -1).every(({ payload }, i) => payload.subarray(3).toString('latin1') === rows[i]![0])).toBe(
      true,
    );
  });

  test('packets out of sequence are 1156', async () => {
    await using toy = await startToy();
    await using client = await loggedIn(toy);
    client.send('\x0e', 5);
    expect(errno((await client.packet())!.payload)).toBe(1156);
  });

  test('no bytes bring the server down, before or after the login', async () => {
    await using toy = await startToy({ limits: { lingerMs: 20 } });
    const packet = fc.record({
      head: fc.option(fc.constantFrom(...'\x02\x03\x04\x09\x0c\x0e\x11\x16\x17\x18\x19\x1a\x1b\x1f')),
      tail: fc.uint8Array({ maxLength: 80 }),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.array(packet, { maxLength: 12 }),
        fc.uint8Array({ maxLength: 9 }),
        async (login, packets, garbage) => {
          await using client = new RawClient(toy.port);
          if (login) await client.login();
          else await client.packet();
          const sequence = login ? 0 : 1;
          for (const { head, tail } of packets)
            client.send(Buffer.concat([Buffer.from(head ?? '', 'latin1'), tail]), sequence);
          client.socket.end(garbage);
          await client.end();
        },
      ),
      { numRuns: 300 },
    );
    await using client = await loggedIn(toy);
    client.send('\x0e');
    expect((await client.packet())!.payload[0]).toBe(0);
    await expect.poll(() => toy.listener.connections.size).toBe(1);
    expect(toy.handlers.slice(0, -1).every(({ closedTimes }) => closedTimes === 1)).toBe(true);
  });
});

describe('many clients', () => {
  test('a thousand idle connections, and one more than allowed', async () => {
    await using toy = await startToy({ limits: { maxConnections: 1000 } });
    const clients = Array.from({ length: 1000 }, () => new RawClient(toy.port));
    const answers = await Promise.all(clients.map((client) => client.login()));
    expect(answers.every(({ payload }) => payload[0] === 0)).toBe(true);
    await using late = new RawClient(toy.port);
    const { payload, sequence } = (await late.packet())!;
    expect([sequence, errno(payload), message(payload)]).toEqual([0, 1040, 'Too many connections']);
    clients[500]!.send('\x03select 1');
    expect((await clients[500]!.packets(5)).at(-1)!.payload[0]).toBe(0xfe);
    await Promise.all(clients.map((client) => client[Symbol.asyncDispose]()));
    await expect.poll(() => toy.listener.connections.size).toBe(0);
    await using again = await loggedIn(toy);
    expect(again.closed).toBe(false);
  });

  test('closing the listener turns everybody out', async () => {
    const toy = await startToy();
    const clients = await Promise.all([loggedIn(toy), loggedIn(toy)]);
    await toy.listener.close();
    await Promise.all(clients.map((client) => client.end()));
    expect(toy.handlers.map(({ closedTimes }) => closedTimes)).toEqual([1, 1]);
  });
});
