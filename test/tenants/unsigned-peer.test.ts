import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePlace } from './engine-fixture.ts';
import { answerOf, noPeer, type Peer, startPeer } from './peer-fixture.ts';
import { type SqlClient, testClient } from './sql-fixture.ts';
import { statement, tableOfNumbers } from './unsigned-soup.ts';

describe.skipIf(noPeer !== null)('64 unsigned bits answer as on a real server', () => {
  const place = enginePlace();
  let client: SqlClient;
  let peer: Peer;

  beforeAll(async () => {
    peer = await startPeer();
    client = await testClient(place);
    for (const sql of tableOfNumbers) expect(await answerOf(client, sql)).toEqual(await peer.answer(sql));
  });
  afterAll(async () => {
    await peer?.end();
    await place.end();
  });

  it('in random statements', async () => {
    await fc.assert(
      fc.asyncProperty(statement, async (sql) => {
        expect(await answerOf(client, sql), sql).toEqual(await peer.answer(sql));
      }),
      { seed: Number(process.env['OBVAULT_SOUP_SEED'] ?? 1), numRuns: Number(process.env['OBVAULT_SOUP_RUNS'] ?? 800) },
    );
  });
});
