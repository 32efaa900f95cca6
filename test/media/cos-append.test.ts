import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { openCosMedium } from '../../src/media/cos-medium.ts';
import type { Medium } from '../../src/media/medium.ts';
import { Pace } from '../../src/media/pace.ts';
import { withRetries } from '../../src/media/wrap/retry.ts';
import { expectKind } from './medium-conformance.ts';
import { cosAddress } from './servers/cos.ts';
import { CosDouble } from './servers/cos-double.ts';

const mib = 1024 * 1024;
const key = 'log/1.obarc';
const bytes = (text: string) => Buffer.from(text);

let double: CosDouble;
let medium: Medium;

beforeEach(async () => {
  double = await CosDouble.start();
  medium = openCosMedium(cosAddress(double, 'archive'));
});

afterEach(async () => {
  await double.stop();
  await medium.close();
});

async function whole(): Promise<Buffer> {
  const source = await medium.openObject(key);
  return Buffer.from(await source.read(0, source.sizeBytes));
}

test('an append whose answer is lost is done once', async () => {
  const sink = await medium.openAppend(key, 0);
  await sink.append(bytes('aaaa'));
  double.faults.push({ kind: 'loseReply', times: 1, on: ['AppendObject'] });
  await sink.append(bytes('bbbb'));
  await sink.append(bytes('cccc'));
  expect(sink.sizeBytes).toBe(12);
  expect(String(await whole())).toBe('aaaabbbbcccc');
  expect(double.count('AppendObject')).toBe(3);
});

test.each(['twice', 'late'] as const)('an append that comes %s is done once', async (kind) => {
  const patient = withRetries(medium, { random: () => 0 });
  const sink = await patient.openAppend(key, 0);
  for (const text of ['aaaa', 'bbbb', 'cccc']) {
    double.faults.push({ kind, times: 1, on: ['AppendObject'] });
    await sink.append(bytes(text));
  }
  expect(sink.sizeBytes).toBe(12);
  await sink.append(bytes('dddd'));
  expect(String(await whole())).toBe('aaaabbbbccccdddd');
  expect(double.faults.map(({ times }) => times)).toEqual([0, 0, 0]);
});

test('an append that did not arrive can be repeated', async () => {
  const sink = await medium.openAppend(key, 0);
  for (const kind of ['loseRequest', 'cutUpload', 'refuse'] as const) {
    double.faults.push({ kind, times: 1, on: ['AppendObject'], afterBytes: 0 });
    await expectKind(sink.append(bytes(kind)), kind === 'refuse' ? 'unavailable' : 'network');
    await sink.append(bytes(kind));
  }
  expect(String(await whole())).toBe('loseRequestcutUploadrefuse');
});

test('an append nobody could ask about is found when it comes again, and taken back when another one comes', async () => {
  const sink = await medium.openAppend(key, 0);
  await sink.append(bytes('aaaa'));
  for (const next of ['bbbb', 'other']) {
    const before = sink.sizeBytes;
    double.faults.push(
      { kind: 'loseReply', times: 1, on: ['AppendObject', 'PutObject'] },
      { kind: 'refuse', times: 1, on: ['HeadObject'] },
    );
    await expectKind(sink.append(bytes('bbbb')), 'network');
    expect(sink.sizeBytes).toBe(before);
    await sink.append(bytes(next));
  }
  expect(String(await whole())).toBe('aaaabbbbother');
});

test('what is fetched and written again after a cut is paid for', async () => {
  const pace = new Pace();
  const took: (readonly [number, number])[] = [];
  vi.spyOn(pace, 'take').mockImplementation(async (operations, byteCount) => void took.push([operations, byteCount]));
  const paced = openCosMedium({ ...cosAddress(double, 'archive'), pace });
  const sink = await paced.openAppend(key, 0);
  await sink.append(bytes('confirmed, and more'));
  const again = await paced.openAppend(key, 9);
  expect(took).toEqual([]);
  await again.append(bytes(' and on'));
  expect(took).toEqual([[2, 18]]);
  expect(String(await whole())).toBe('confirmed and on');
  await paced.close();
});

test('what another writer appended is neither lost nor taken for ours', async () => {
  const [mine, other] = [await medium.openAppend(key, 0), await medium.openAppend(key, 0)];
  await mine.append(bytes('mine'));
  await expectKind(other.append(bytes('other')), 'checksum');
  await mine.append(bytes('!'));
  expect(String(await whole())).toBe('mine!');
});

test('a log that was cut is not replaced when another writer has changed it', async () => {
  const head = Buffer.alloc(mib, 'confirmed ');
  const sink = await medium.openAppend(key, 0);
  await sink.append(head);
  await sink.append(bytes('tail'));
  const [mine, other] = [await medium.openAppend(key, head.length), await medium.openAppend(key, head.length)];
  await other.append(bytes('other'));
  await expectKind(mine.append(bytes('mine')), 'checksum');
  expect((await whole()).equals(Buffer.concat([head, bytes('other')]))).toBe(true);
});

test('a service that stores other bytes than were appended is found out', async () => {
  const sink = await medium.openAppend(key, 0);
  await sink.append(bytes('aaaa'));
  const { objects } = double.store;
  double.store.objects.set(
    'archive/log/1.obarc',
    (objects.get('archive/log/1.obarc') ?? []).map((one) => ({ ...one, bytes: bytes('aaxa') })),
  );
  await expectKind(sink.append(bytes('bbbb')), 'checksum');
  expect(sink.sizeBytes).toBe(4);
});

test('a large object is cut and goes on without a moment in which confirmed bytes are missing', async () => {
  const head = Buffer.alloc(2 * mib, 'confirmed ');
  const sink = await medium.openAppend(key, 0);
  await sink.append(head);
  await sink.append(bytes('never confirmed'));
  await sink.close();
  const watch = { stop: false, looks: 0 };
  const watching = (async () => {
    while (!watch.stop) {
      expect((await medium.read(key, 0, head.length)).length).toBe(head.length);
      watch.looks += 1;
    }
  })();
  const again = await medium.openAppend(key, head.length);
  expect((await whole()).equals(head)).toBe(true);
  const uploaded = double.count('UploadPart');
  await again.append(bytes('and '));
  await again.append(bytes('on'));
  expect(double.count('UploadPart') - uploaded).toBe(2);
  expect(double.count('CopyPart')).toBe(3);
  watch.stop = true;
  await watching;
  expect(watch.looks).toBeGreaterThan(0);
  expect((await whole()).equals(Buffer.concat([head, bytes('and on')]))).toBe(true);
  expect(double.store.uploads.size).toBe(0);
});

test.each(['InitUpload', 'CopyPart', 'UploadPart', 'CompleteUpload'] as const)(
  'an append to an object that was cut, and its %s refused, loses nothing',
  async (operation) => {
    const head = Buffer.alloc(mib, 'confirmed ');
    const sink = await medium.openAppend(key, 0);
    await sink.append(head);
    await sink.append(bytes('tail'));
    const again = await medium.openAppend(key, head.length);
    double.faults.push({ kind: 'refuse', times: 1, on: [operation] });
    await expectKind(again.append(bytes('one')), 'unavailable');
    expect((await whole()).equals(head)).toBe(true);
    expect(double.store.uploads.size).toBe(0);
    double.faults.push({ kind: 'loseReply', times: 1, on: ['CompleteUpload'] });
    await again.append(bytes('one'));
    expect((await whole()).equals(Buffer.concat([head, bytes('one')]))).toBe(true);
  },
);
