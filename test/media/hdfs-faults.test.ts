import { describe, expect, test } from 'vitest';
import { double, eachOnHdfs, expectDiscreet, medium, meet, mib, temps, text, x } from './hdfs-scene.ts';
import { expectKind } from './medium-conformance.ts';
import { noise } from './server-faults.ts';

eachOnHdfs();

describe('NameNodes', () => {
  test('a standby sends us to the active one, before and after they change places', async () => {
    double.active = 1;
    await medium.putSmall('a', x, 'create');
    expect(double.seen.slice(0, 2)).toEqual(['0 CREATE', '1 CREATE']);
    const before = double.seen.length;
    await medium.head('a');
    expect(double.seen.slice(before)).toEqual(['1 GETFILESTATUS']);
    double.active = 0;
    const sink = await medium.createObject('data');
    await sink.writeAt(0, Buffer.alloc(20 * mib, 1));
    double.active = 1;
    await sink.publish(20 * mib);
    double.active = 0;
    expect((await medium.read('data', 19 * mib, 1000)).length).toBe(1000);
    expect((await medium.list('')).map(({ name }) => name)).toEqual(['a', 'data']);
  });

  test('a standby that names a DataNode all the same is found out there, and the whole put is made again', async () => {
    double.active = 1;
    double.lateStandby = true;
    await medium.putSmall('a', Buffer.from('content'), 'create');
    double.active = 0;
    expect(text(await medium.read('a'))).toBe('content');
    const log = await medium.openAppend('log', 0);
    double.active = 1;
    await log.append(Buffer.from('once'));
    expect(text(await medium.read('log'))).toBe('once');
    expect(temps()).toEqual([]);
  });

  test('the active one is stopped and the other takes over', async () => {
    await medium.putSmall('a', x, 'create');
    await double.stopNode(0);
    double.active = 1;
    await medium.putSmall('b', x, 'create');
    expect(await medium.list('')).toHaveLength(2);
    await double.startNode(0);
    await double.stopNode(1);
    double.active = 0;
    await medium.remove(['a', 'b']);
    expect(await medium.list('')).toEqual([]);
  });

  test('without an active one, and without any, the error can be repeated', async () => {
    double.active = -1;
    expectDiscreet(await expectKind(medium.putSmall('a', x, 'create'), 'unavailable'));
    await double.stopNode(0);
    await double.stopNode(1);
    expectDiscreet(await expectKind(medium.list(''), 'network'));
    await double.startNode(0);
    double.active = 0;
    await medium.putSmall('a', x, 'create');
  });

  test('a DataNode that is down is no reason to ask another NameNode', async () => {
    await double.stopNode(2);
    expectDiscreet(await expectKind(medium.putSmall('a', x, 'create'), 'unavailable'));
    expect(double.seen).toEqual(['0 CREATE', '0 DELETE']);
    await double.startNode(2);
    await medium.putSmall('a', x, 'create');
  });
});

describe('connections that break', () => {
  test('an upload cut in the middle is an error, and nothing of it is seen or stays', async () => {
    meet('cutUpload', 'CREATE', { afterBytes: 100_000 });
    expectDiscreet(await expectKind(medium.putSmall('big', Buffer.alloc(4 * mib, 7), 'create'), 'network'));
    expect(await medium.list('')).toEqual([]);
    expect(temps()).toEqual([]);
    await medium.putSmall('big', Buffer.alloc(4 * mib, 7), 'create');
    expect((await medium.head('big'))?.sizeBytes).toBe(4 * mib);
  });

  test('a part cut in the middle is sent again by who repeats the call', async () => {
    const content = Buffer.alloc(40 * mib, 'part of it ');
    const sink = await medium.createObject('data');
    meet('cutUpload', 'CREATE', { afterBytes: mib });
    await sink.writeAt(0, content);
    await expectKind(sink.publish(content.length), 'network');
    expect(await medium.head('data')).toBeNull();
    await sink.publish(content.length);
    const source = await medium.openObject('data');
    expect(Buffer.from(await source.read(0, content.length)).equals(content)).toBe(true);
    expect(temps()).toEqual([]);
  });

  test('a file that holds less than was sent is never given its name', async () => {
    const sink = await medium.createObject('data');
    meet('shorten', 'CREATE', { afterBytes: 1000 });
    await sink.writeAt(0, Buffer.alloc(20 * mib, 1));
    await expectKind(sink.publish(20 * mib), 'checksum');
    meet('shorten', 'CREATE', { afterBytes: 1000 });
    await expectKind(medium.putSmall('data', Buffer.alloc(2000), 'create'), 'checksum');
    expect(await medium.head('data')).toBeNull();
    expect(temps()).toEqual([]);
  });

  test('a download cut in the middle is an error, not a short buffer', async () => {
    await medium.putSmall('data', Buffer.alloc(mib, 1), 'create');
    meet('cutDownload', 'OPEN', { afterBytes: 100_000, step: 'data' });
    expectDiscreet(await expectKind(medium.read('data'), 'network'));
    meet('cutDownload', 'LISTSTATUS_BATCH', { afterBytes: 50, times: 2 });
    await expectKind(medium.list(''), 'network');
    expect(await medium.read('data')).toHaveLength(mib);
  });

  test.each(['CREATE', 'RENAME', 'GETFILESTATUS', 'OPEN', 'DELETE', 'LISTSTATUS_BATCH'])(
    'a %s that stalls ends by its signal',
    async (op) => {
      await medium.putSmall('a', x, 'create');
      meet('stall', op, { times: 10 });
      const signal = AbortSignal.timeout(100);
      const call = {
        CREATE: () => medium.putSmall('b', x, 'create', signal),
        RENAME: () => medium.putSmall('b', x, 'create', signal),
        GETFILESTATUS: () => medium.head('a', signal),
        OPEN: () => medium.read('a', 0, 1, signal),
        DELETE: () => medium.remove(['a'], signal),
        LISTSTATUS_BATCH: () => medium.list('', signal),
      }[op];
      if (!call) throw new Error(op);
      expectDiscreet(await expectKind(call(), 'cancelled'));
      double.faults.length = 0;
      expect(text(await medium.read('a'))).toBe('x');
      expect(await medium.head('b')).toBeNull();
    },
  );
});

describe('answers that are lost', () => {
  test('a rename that came through is done, for small and large objects', async () => {
    meet('loseReply', 'RENAME');
    await medium.putSmall('a', x, 'create');
    meet('loseReply', 'RENAME');
    await medium.putSmall('a', Buffer.from('yy'), 'replace');
    expect(text(await medium.read('a'))).toBe('yy');
    const sink = await medium.createObject('data');
    await sink.writeAt(0, Buffer.alloc(20 * mib, 1));
    meet('loseReply', 'CONCAT');
    meet('loseReply', 'RENAME');
    await sink.publish(20 * mib);
    expect((await medium.head('data'))?.sizeBytes).toBe(20 * mib);
    expect(temps()).toEqual([]);
  });

  test('a join that came through while nobody could be asked is found when it is published again', async () => {
    const content = noise(40 * mib);
    const sink = await medium.createObject('data');
    await sink.writeAt(0, content);
    meet('loseReply', 'CONCAT');
    meet('refuse', 'GETFILESTATUS', { exception: 'StandbyException' });
    await expectKind(sink.publish(content.length), 'network');
    meet('refuse', 'GETFILESTATUS', { exception: 'StandbyException' });
    await expectKind(sink.publish(content.length), 'unavailable');
    await sink.publish(content.length);
    const source = await medium.openObject('data');
    expect(Buffer.from(await source.read(0, content.length)).equals(content)).toBe(true);
    expect(temps()).toEqual([]);
  });

  test('a rename that did not come through is an error', async () => {
    meet('loseRequest', 'RENAME');
    await expectKind(medium.putSmall('a', x, 'create'), 'network');
    expect(await medium.list('')).toEqual([]);
    expect(temps()).toEqual([]);
  });

  test('an append is done once, and a part of one is taken back', async () => {
    const log = await medium.openAppend('log', 0);
    await log.append(Buffer.from('aaaa'));
    meet('loseReply', 'APPEND', { step: 'data' });
    await log.append(Buffer.from('bbbb'));
    expect(log.sizeBytes).toBe(8);
    meet('cutUpload', 'APPEND', { afterBytes: 2 });
    await expectKind(log.append(Buffer.from('cccc')), 'network');
    expect((await medium.head('log'))?.sizeBytes).toBe(8);
    meet('cutUpload', 'APPEND', { afterBytes: 2 });
    meet('refuse', 'TRUNCATE', { exception: 'RecoveryInProgressException' });
    await expectKind(log.append(Buffer.from('dddd')), 'network');
    expect((await medium.head('log'))?.sizeBytes).toBe(10);
    await log.append(Buffer.from('eeee'));
    expect(text(await medium.read('log'))).toBe('aaaabbbbeeee');
  });

  test('a log that grew behind our back is not appended to', async () => {
    const log = await medium.openAppend('log', 0);
    await log.append(Buffer.from('aaaa'));
    const other = await medium.openAppend('log', 4);
    await other.append(Buffer.from('!'));
    await expectKind(log.append(Buffer.from('bbbb')), 'checksum');
    expect(text(await medium.read('log'))).toBe('aaaa!');
  });
});
