import { describe, expect, test } from 'vitest';
import { fault } from '../../src/base/errors.ts';
import { charsetByName, utf8mb4 } from '../../src/value/charset.ts';
import type { ColumnType, ResultColumn } from '../../src/value/column-type.ts';
import { writeEof, writeError, writeOk } from '../../src/wire/answers.ts';
import {
  accessDenied,
  authSwitchRequest,
  createSalt,
  hashPassword,
  nativeResponse,
  verifyNative,
} from '../../src/wire/auth.ts';
import { readChangeUser, readHandshakeResponse, writeGreeting } from '../../src/wire/handshake.ts';
import { writeDefinitions, writeMetadata } from '../../src/wire/metadata-block.ts';
import { framesOf, PacketWriter } from '../../src/wire/packet-writer.ts';
import { capability, serverCapabilities } from '../../src/wire/protocol.ts';
import { column } from './toy-server.ts';

const written = (write: (out: PacketWriter) => void, sequence = 1): string => {
  const out = new PacketWriter();
  out.sequence = sequence;
  write(out);
  const hex = Buffer.from(out.take()).toString('hex');
  out.release(true);
  return hex;
};

const hex = (text: string) => Buffer.from(text, 'latin1').toString('hex');

describe('packets of the server, byte by byte', () => {
  test('the greeting is that of an observer', () => {
    const salt = Buffer.from('abcdefghijklmnopqrst');
    const bytes = (tls: boolean) => written((out) => writeGreeting(out, 3221487617, salt, serverCapabilities(tls)), 0);
    const expected = (lower: string) =>
      `4a000000 0a ${hex('5.7.25\0')} 010004c0 ${hex('abcdefgh')} 00 ${lower} 2e 0200 9c30 15 ${'00'.repeat(10)} ` +
      `${hex('ijklmnopqrst\0')} ${hex('mysql_native_password\0')}`;
    expect(bytes(false)).toBe(expected('dff7').replaceAll(' ', ''));
    expect(bytes(true)).toBe(expected('dfff').replaceAll(' ', ''));
  });

  test('OK', () => {
    expect(written((out) => writeOk(out, 2, utf8mb4))).toBe('0700000100000002000000');
    const fields = { affectedRows: 300, insertId: 2n ** 40n, warnings: 70_000, info: 'hi' };
    expect(written((out) => writeOk(out, 3, utf8mb4, fields))).toBe(
      '1400000100fc2c01fe0000000000010000' + '0300' + 'ffff' + '026869',
    );
  });

  test('EOF', () => {
    expect(written((out) => writeEof(out, 0x0a, 1), 7)).toBe('05000007fe01000a00');
  });

  test('errors carry the SQLSTATE and the character set of the results', () => {
    const denied = accessDenied('root', '1.2.3.4', true);
    expect(written((out) => writeError(out, denied, utf8mb4), 2)).toBe(
      `46000002ff1504${hex("#42000Access denied for user 'root'@'1.2.3.4' (using password: YES)")}`,
    );
    expect(written((out) => writeError(out, fault('OB_ERR_BAD_DATABASE', '\u5907'), charsetByName('gbk')))).toContain(
      hex("Unknown database '\xb1\xb8'"),
    );
  });

  test('an error without a number of MySQL goes out with the absolute OceanBase number', () => {
    expect(written((out) => writeError(out, fault('OB_TIMEOUT'), utf8mb4)).slice(8, 14)).toBe('ffac0f');
  });

  test('a payload of exactly 0xFFFFFF bytes is followed by an empty frame', () => {
    const frames = framesOf(Buffer.alloc(0xff_ffff), 254);
    expect(frames.map(({ header }) => header.toString('hex'))).toEqual(['fffffffe', '000000ff']);
    expect(framesOf(Buffer.alloc(0xff_ffff + 1), 255).map(({ header }) => header.toString('hex'))).toEqual([
      'ffffffff',
      '01000000',
    ]);
  });

  test('the packet writer splits what is too long', () => {
    const out = new PacketWriter();
    out.begin();
    out.zeros(0xff_ffff);
    out.end();
    const bytes = out.take();
    expect(bytes.length).toBe(4 + 0xff_ffff + 4);
    expect(bytes.subarray(0, 4).toString('hex')).toBe('ffffff01');
    expect(bytes.subarray(-4).toString('hex')).toBe('00000002');
  });
});

/** Fields of a column definition behind the names. */
function fixedPart(type: ColumnType, more: Partial<ResultColumn> = {}, charset = 'utf8mb4') {
  const out = new PacketWriter();
  writeDefinitions(out, [column('c', type, more)], charsetByName(charset));
  const bytes = out.take();
  const at = bytes.length - 12;
  return {
    charset: bytes.readUInt16LE(at),
    length: bytes.readUInt32LE(at + 2),
    type: bytes[at + 6],
    flags: bytes.readUInt16LE(at + 7),
    decimals: bytes[at + 9],
  };
}

describe('column definitions', () => {
  test('byte by byte', () => {
    const bytes = written((out) =>
      writeDefinitions(out, [column('ID', { name: 'bigint' }, { orgName: 'id', notNull: true })], utf8mb4),
    );
    const names = `03${hex('def')} 09${hex('oceanbase')} 01${hex('t')} 01${hex('t')} 02${hex('ID')} 02${hex('id')}`;
    expect(bytes).toBe(`25000001 ${names} 0c 3f00 14000000 08 8100 00 0000`.replaceAll(' ', ''));
  });

  test.each<[ColumnType, Partial<ReturnType<typeof fixedPart>>]>([
    [
      { name: 'timestamp', scale: 6 },
      { type: 7, charset: 63, flags: 0x480, length: 26, decimals: 6 },
    ],
    [{ name: 'datetime' }, { type: 12, charset: 63, flags: 0x80, length: 19, decimals: 0 }],
    [{ name: 'date' }, { type: 10, charset: 63, length: 10 }],
    [
      { name: 'time', scale: 3 },
      { type: 11, length: 14, decimals: 3 },
    ],
    [{ name: 'tinyint' }, { type: 1, length: 4, decimals: 0 }],
    [
      { name: 'int', unsigned: true },
      { type: 3, length: 10, flags: 0xa0 },
    ],
    [{ name: 'bigint' }, { type: 8, charset: 63, length: 20, decimals: 0 }],
    [
      { name: 'decimal', precision: 10, scale: 2 },
      { type: 246, length: 12, decimals: 2 },
    ],
    [{ name: 'double' }, { type: 5, length: 22, decimals: 31 }],
    [
      { name: 'varchar', length: 128 },
      { type: 253, charset: 45, length: 512, flags: 0 },
    ],
    [
      { name: 'varchar', length: 128, charset: 'binary' },
      { type: 253, charset: 63, length: 128, flags: 0x80 },
    ],
    [
      { name: 'varbinary', length: 16 },
      { type: 253, charset: 63, length: 16, flags: 0x80 },
    ],
    [
      { name: 'char', length: 4 },
      { type: 254, charset: 45, length: 16 },
    ],
    [{ name: 'longtext' }, { type: 251, charset: 45, flags: 0x10, length: 4294967295 }],
    [{ name: 'text' }, { type: 252, flags: 0x10, length: 262140 }],
    [{ name: 'longblob' }, { type: 251, charset: 63, flags: 0x90 }],
    [
      { name: 'enum', values: ['a', 'bcd'] },
      { type: 254, flags: 0x100, length: 12 },
    ],
    [
      { name: 'set', values: ['a', 'bcd'] },
      { type: 254, flags: 0x800, length: 20 },
    ],
    [{ name: 'json' }, { type: 245, charset: 63 }],
    [{ name: 'year' }, { type: 13, length: 4 }],
    [
      { name: 'bit', length: 8 },
      { type: 16, length: 8 },
    ],
    [{ name: 'null' }, { type: 6, charset: 63 }],
  ])('%j', (type, expected) => {
    expect(fixedPart(type)).toMatchObject(expected);
  });

  test('follow the character set of the results', () => {
    expect(fixedPart({ name: 'varchar', length: 10 }, {}, 'gbk')).toMatchObject({ charset: 28, length: 20 });
    const columns = [column('\u5907', { name: 'int' })];
    const block = (name: string) => written((out) => writeMetadata(out, columns, charsetByName(name)));
    expect(block('gbk')).toContain(hex('\x02\xb1\xb8'));
    expect(block('utf8mb4')).toContain(hex('\x03\xe5\xa4\x87'));
    expect(block('gbk')).toContain(hex('\x02\xb1\xb8'));
  });

  test('carry keys in their flags', () => {
    const keys = { notNull: true, primaryKey: true, autoIncrement: true };
    expect(fixedPart({ name: 'int' }, keys).flags).toBe(0x283);
    expect(fixedPart({ name: 'int', zerofill: true }, { uniqueKey: true, multipleKey: true }).flags).toBe(0xec);
  });

  test('are numbered anew where a result is not the first', () => {
    const columns = [column('a', { name: 'int' }), column('b', { name: 'int' })];
    const first = written((out) => writeMetadata(out, columns, utf8mb4));
    const later = written((out) => writeMetadata(out, columns, utf8mb4), 254);
    expect(first.slice(0, 10)).toBe('0100000102');
    expect(later.slice(0, 10)).toBe('010000fe02');
    expect(later.slice(10, 18)).toBe(`${first.slice(10, 16)}ff`);
    expect(later.length).toBe(first.length);
  });
});

describe('authentication', () => {
  test('takes the response made from the password and no other', () => {
    for (const password of ['', 'secret', '\u5907\u4efd']) {
      const salt = createSalt();
      const hash = hashPassword(password);
      expect(verifyNative(hash, salt, nativeResponse(password, salt))).toBe(true);
      expect(verifyNative(hash, salt, nativeResponse(`${password}x`, salt))).toBe(false);
      expect(verifyNative(hash, createSalt(), nativeResponse(password, salt))).toBe(password === '');
      expect(verifyNative(hash, salt, Buffer.alloc(3, 1))).toBe(false);
    }
    expect(hashPassword('password')).toBe('2470c0c06dee42fd1618bb99005adca2ec9d1e19');
    expect(verifyNative(hashPassword('secret'), createSalt(), Buffer.alloc(0))).toBe(false);
  });

  test('salts hold neither NUL nor $', () => {
    for (let i = 0; i < 200; i++)
      expect([...createSalt()].every((byte) => byte > 0 && byte < 128 && byte !== 0x24)).toBe(true);
  });

  test('the switch request names the plugin', () => {
    expect(authSwitchRequest(Buffer.alloc(20, 65)).toString('latin1')).toBe(
      `\xfemysql_native_password\0${'A'.repeat(20)}\0`,
    );
  });
});

describe('packets of clients', () => {
  const all = serverCapabilities(false);
  const fixed = (flags: number, collation: number) => {
    const bytes = Buffer.alloc(32);
    bytes.writeUInt32LE(flags >>> 0);
    bytes[8] = collation;
    return bytes;
  };

  test('a handshake response with everything', () => {
    const tail = Buffer.from('root@t#c\0\x03abcdb\0mysql_native_password\0\x0a\x03_os\x05Linux', 'latin1');
    expect(readHandshakeResponse(Buffer.concat([fixed(all, 45), tail]), all)).toMatchObject({
      user: 'root@t#c',
      database: 'db',
      authResponse: Buffer.from('abc'),
      plugin: 'mysql_native_password',
      collationId: 45,
      attributes: { _os: 'Linux' },
    });
  });

  test('npm mysql names neither plugin nor attributes', () => {
    const shared = all & ~(capability.PLUGIN_AUTH | capability.CONNECT_ATTRS | capability.CONNECT_WITH_DB);
    const read = readHandshakeResponse(Buffer.concat([fixed(shared, 33), Buffer.from('root\0\0', 'latin1')]), shared);
    expect(read).toMatchObject({ user: 'root', database: null, plugin: '', attributes: {} });
  });

  test('COM_CHANGE_USER as its clients write it', () => {
    const read = (tail: string) => readChangeUser(Buffer.from(`\x11root\0\x02abdb\0${tail}`, 'latin1'), all, utf8mb4);
    const plugin = { plugin: 'mysql_native_password' };
    const common = { user: 'root', database: 'db', authResponse: Buffer.from('ab') };
    expect(read('\x2e\0mysql_native_password\0')).toMatchObject({ ...common, ...plugin, collationId: 46 });
    expect(read('mysql_native_password\0')).toMatchObject({ ...common, ...plugin, collationId: null });
    expect(read('\x21\0')).toMatchObject({ ...common, plugin: '', collationId: 33 });
    expect(read('')).toMatchObject({ ...common, plugin: '', collationId: null });
  });
});
