import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ObError } from '../../src/base/errors.ts';
import { parseArchiveDest, parseArchiveDestState, parseRestoreFrom } from '../../src/destination/archive-dest.ts';
import { parseRestoreSource } from '../../src/destination/restore-source.ts';
import { formatTimeText, parseCapacity, parseTimeText } from '../../src/destination/time-text.ts';

function failure(work: () => unknown): [number, string] {
  try {
    work();
  } catch (error) {
    if (error instanceof ObError) return [error.code, error.message];
    throw error;
  }
  throw new Error('nothing was thrown');
}
const argument = [-4002, 'Invalid argument'];
const unsupported = [-4007, 'Not supported feature or function'];

describe('LOG_ARCHIVE_DEST', () => {
  test('all items, any order, any case', () => {
    const text =
      ' piece_switch_interval=36H  compression=Enable binding=mandatory Location=oss://b/d?host=h&access_id=a=b&access_key=k ';
    expect(parseArchiveDest(text)).toMatchObject({
      location: { path: 'oss://b/d', host: 'h', authorization: { accessId: 'a=b', accessKey: 'k' } },
      binding: 'MANDATORY',
      pieceSwitchIntervalUs: 36 * 3_600_000_000,
      pieceSwitchInterval: '36h',
      compression: 'ENABLE',
    });
  });

  test('items that are not named have their defaults', () => {
    expect(parseArchiveDest('LOCATION=file:///log')).toMatchObject({
      binding: 'OPTIONAL',
      pieceSwitchIntervalUs: 86_400_000_000,
      pieceSwitchInterval: '1d',
      compression: null,
    });
    expect(parseArchiveDest('')).toBeNull();
  });

  test.each([
    ['   ', argument],
    ['file:///log', unsupported],
    ['cos://b/d?host=h&appid=1', unsupported],
    ['LOCATION=file:///log CHECKPOINT_INTERVAL=2m', unsupported],
    ['LOCATION=file:///log STATE=ENABLE', unsupported],
    ['LOCATION = file:///log', argument],
    ['LOCATION=', argument],
    ['BINDING', argument],
    ['LOCATION=file:///log BINDING=MAYBE', argument],
    ['LOCATION=file:///log PIECE_SWITCH_INTERVAL=daily', argument],
    ['LOCATION=file:///log PIECE_SWITCH_INTERVAL=-1d', argument],
    ['LOCATION=file:///log COMPRESSION=lz4', unsupported],
    ['LOCATION=file:///log LOCATION=file:///other', argument],
    ['BINDING=OPTIONAL', [-4007, 'set archive dest without location is not supported']],
    ['LOCATION=file://log', [-9026, 'file://log (not an absolute path) is not a valid uri']],
    ['LOCATION=/log', [-9026, 'backup destination is not valid']],
    ['BINDING=no LOCATION=/log UNKNOWN=1', argument],
    ['UNKNOWN=1 BINDING=no LOCATION=/log', unsupported],
    ['LOCATION=/log BINDING=no UNKNOWN=1', [-9026, 'backup destination is not valid']],
  ])('%j is refused', (text, expected) => {
    expect(failure(() => parseArchiveDest(text))).toEqual(expected);
  });

  test.each([
    ['1d', true],
    ['24h', true],
    ['86400', true],
    ['7d', true],
    ['168h', true],
    ['23h', false],
    ['86399s', false],
    ['604801s', false],
    ['8d', false],
    ['0', false],
  ])('interval %s allowed: %s', (text, allowed) => {
    const value = `LOCATION=file:///log PIECE_SWITCH_INTERVAL=${text}`;
    if (allowed) expect(parseArchiveDest(value)?.pieceSwitchIntervalUs).toBe(parseTimeText(text));
    else
      expect(failure(() => parseArchiveDest(value))).toEqual([
        -4007,
        'invalid piece_switch_interval out of range [1d,7d] is not supported',
      ]);
  });

  test('the state is one of two words', () => {
    expect(['enable', 'DEFER', 'Defer'].map(parseArchiveDestState)).toEqual(['ENABLE', 'DEFER', 'DEFER']);
    for (const text of ['', 'DISABLE', ' DEFER']) expect(failure(() => parseArchiveDestState(text))).toEqual(argument);
  });
});

describe('RESTORE … FROM', () => {
  test('elements are trimmed, equal ones dropped', () => {
    expect(parseRestoreFrom(' file:///d , file:///a,file:///d ').map((one) => one.path)).toEqual([
      'file:///d',
      'file:///a',
    ]);
  });

  test.each([
    ['', argument],
    [' , ', argument],
    ['file:///d,/a', [-9026, '/a is not a valid uri']],
    ['ftp://h/d?access_key=SECRET', [-9026, 'ftp://h/d?access_key=****** is not a valid uri']],
    ['file:///', [-9026, 'backup destination is not valid']],
    ['oss://b/d', [-9026, 'backup destination is not valid']],
  ])('%j is refused', (text, expected) => {
    expect(failure(() => parseRestoreFrom(text))).toEqual(expected);
  });
});

describe('LOG_RESTORE_SOURCE', () => {
  test('a location, a service, nothing', () => {
    expect(parseRestoreSource('')).toBeNull();
    expect(parseRestoreSource('location=file:///log')).toMatchObject({ type: 'LOCATION' });
    expect(parseRestoreSource('SERVICE=10.9.8.7:2881;[::1]:2882 USER=re@pl@shop_a PASSWORD=s=3')).toEqual({
      type: 'SERVICE',
      addresses: ['10.9.8.7:2881', '[::1]:2882'],
      user: 're@pl',
      tenantName: 'shop_a',
      password: 's=3',
    });
  });

  const type = [-4002, 'Incorrect arguments to log restore source type'];
  const list = [-4002, 'Incorrect arguments to set ip list config, please check the length and format of ip list'];
  const user = [
    -4002,
    'Incorrect arguments to set user config, please check the length and format of username, tenant name',
  ];
  const missing = [-4002, 'Incorrect arguments to parse log restore source config, please check the config parameters'];
  test.each([
    ['  ', type],
    ['USER=a@b PASSWORD=c', type],
    ['LOCATION=file:///a SERVICE=1.2.3.4:1', type],
    ['LOCATION = file:///a', unsupported],
    ['LOCATION=file:///a USER=a@b', unsupported],
    ['SERVICE=1.2.3.4:1 USER=a@b PASSWORD=c PORT=1', unsupported],
    ['SERVICE=host:1 USER=a@b PASSWORD=c', list],
    ['SERVICE=1.2.3.4 USER=a@b PASSWORD=c', list],
    ['SERVICE=1.2.3.4:70000 USER=a@b PASSWORD=c', list],
    ['SERVICE=1.2.3.4:1; USER=a@b PASSWORD=c', list],
    ['SERVICE=1.2.3.4:1 USER=ab PASSWORD=c', user],
    ['SERVICE=1.2.3.4:1 USER=a@ PASSWORD=c', user],
    ['SERVICE=1.2.3.4:1 USER=a@b', missing],
    ['SERVICE=1.2.3.4:1 PASSWORD=c', missing],
    ['LOCATION=/a', [-9026, 'backup destination is not valid']],
  ])('%j is refused', (text, expected) => {
    expect(failure(() => parseRestoreSource(text))).toEqual(expected);
  });
});

describe('time and size texts', () => {
  test.each([
    ['1d', 86_400_000_000],
    ['12H', 43_200_000_000],
    ['5', 5_000_000],
    ['3Ms', 3_000],
    ['7us', 7],
    ['', null],
    ['1w', null],
    ['-1', null],
    ['1.5d', null],
    [' 1d', null],
    ['99999999999d', null],
  ])('%j', (text, us) => expect(parseTimeText(text)).toBe(us));

  test('what is formatted reads back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (us) => {
        expect(parseTimeText(formatTimeText(us))).toBe(us);
      }),
    );
    expect([86_400_000_000, 5_400_000_000, 1_000, 0].map(formatTimeText)).toEqual(['1d', '90m', '1ms', '0s']);
  });

  test.each([
    ['512M', 536870912n],
    ['4g', 4294967296n],
    ['100MB', 104857600n],
    ['7byte', 7n],
    ['1P', 1n << 50n],
    ['100', null],
    ['1 M', null],
    ['9999999P', null],
  ])('%j', (text, sizeBytes) => expect(parseCapacity(text)).toBe(sizeBytes));
});
