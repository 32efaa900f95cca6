import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { type Everyday, everydaySoup } from './everyday-soup.ts';
import { type Answer, answerOf, noPeer, type Peer, startPeer } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';

const firstSeed = Number(process.env['OBVAULT_SOUP_SEED'] ?? 1);
const seeds = Number(process.env['OBVAULT_SOUP_RUNS'] ?? 480) / 40;
/** Statements of a seed; every third one writes. */
const statements = 40;

describe.skipIf(noPeer !== null)('everyday statements answer as on a real server', () => {
  const place = enginePlace();
  let client: SqlClient;
  let peer: Peer;

  beforeAll(async () => {
    peer = await startPeer();
    client = await testClient(place);
  });
  afterAll(async () => {
    await peer?.end();
    await place.end();
  });

  async function same({ sql, sorted }: Everyday, seed: number, after = ''): Promise<void> {
    const mine = inOrder(await answerOf(client, sql), sorted);
    expect(mine, `seed ${seed}: ${sql}${after}`).toEqual(inOrder(await peer.answer(sql), sorted));
  }

  it('over random tables', async () => {
    for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
      const soup = everydaySoup(seed);
      for (const sql of soup.tables) await same({ sql, sorted: true }, seed);
      for (let at = 0; at < statements; at++) {
        if (at % 3 !== 2) {
          await same(soup.query(), seed);
          continue;
        }
        const change = soup.change();
        await same(change, seed);
        for (const contents of soup.contents) await same(contents, seed, ` after ${change.sql}`);
      }
    }
  });
});

function inOrder(answer: Answer, sorted: boolean): Answer | readonly string[] {
  return sorted || !Array.isArray(answer) ? answer : answer.map((row) => JSON.stringify(row)).sort();
}
