import { afterEach, expect, test } from 'vitest';
import { silentLog } from '../../src/base/log.ts';
import type { EngineThreadOptions } from '../../src/tenants/embedded/engine-calls.ts';
import { GuestSeats, type SeatWish } from '../../src/tenants/embedded/guest-seats.ts';

/** No guest here calls its thread, so that none is ever started. */
const options = { directory: '', guestsOnly: true, systemTables: [], limits: {} } as unknown as EngineThreadOptions;
const mostEach = 2;

let seats = new GuestSeats(options, silentLog, mostEach);
afterEach(async () => {
  await seats.stop();
  seats = new GuestSeats(options, silentLog, mostEach);
});

/** A guest that stays; tells whether it has a thread. */
function guest(tenantId: number, work: SeatWish['work']): () => boolean {
  const wish = { tenantId, work, flag: new Int32Array(1) };
  let seated = false;
  void seats.run(wish, async (seat) => {
    seats.enter(seat, wish);
    Object.defineProperty(seat.thread, 'busy', { value: 1 });
    seated = true;
  });
  return () => seated;
}

test('the last part of a fold does not wait for the parts of others that nobody waits for', () => {
  const ahead = [1002, 1004, 1006].map((tenantId) => guest(tenantId, 'fold'));
  expect(ahead.map((seated) => seated())).toEqual([true, true, false]);
  const last = Array.from({ length: 4 * mostEach + 1 }, (_, i) => guest(1008 + 2 * i, 'heldFold'));
  expect(last.map((seated) => seated())).toEqual([...Array.from({ length: 4 * mostEach }, () => true), false]);
});
