import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { followPieces } from '../../src/policy/piece-chain.ts';
import type { PlanPiece } from '../../src/policy/restore-plan.ts';
import { mapTables, type TableName, type TableWish } from '../../src/policy/table-mapping.ts';

const name = fc.record({ database: fc.constantFrom('d', 'e', 'mysql'), table: fc.constantFrom('a', 'b', 'c', 'x') });
const databases = ['d', 'mysql'];
const key = ({ database, table }: TableName) => `${database}.${table}`;
const tables = fc
  .uniqueArray(name, { selector: key, maxLength: 8 })
  .chain((names) =>
    fc.tuple(...names.map((each) => fc.subarray(names).map((references) => ({ ...each, references })))),
  );
const wish: fc.Arbitrary<TableWish> = fc.record({
  all: fc.boolean(),
  databases: fc.subarray(['d', 'e']),
  tables: fc.uniqueArray(name, { selector: key, maxLength: 4 }),
  remapDatabases: fc.constantFrom([], [{ from: 'd', to: 'other' }], [{ from: 'd', to: 'e' }]),
  remapTables: fc.constantFrom([], [{ from: { database: 'd', table: 'a' }, to: { database: 'e', table: 'z' } }]),
});

describe('which tables are recovered', () => {
  test('each at most once, all that were asked for by name or said to be missing, none of the server', () => {
    fc.assert(
      fc.property(wish, tables, (asked, there) => {
        const { moves, missing, missingDatabases, clashes } = mapTables(asked, { databases, tables: there });
        const taken = moves.map(({ from }) => key(from));
        expect(new Set(taken).size).toBe(taken.length);
        expect(taken.every((each) => there.some((table) => key(table) === each))).toBe(true);
        expect(moves.every(({ from }) => from.database !== 'mysql')).toBe(true);
        for (const table of asked.tables) {
          const told = missing.some((each) => key(each) === key(table));
          if (asked.all) expect(told).toBe(false);
          else expect(told).toBe(!taken.includes(key(table)));
        }
        const remapped = asked.remapTables.filter(({ from }) => !taken.includes(key(from)));
        if (!asked.all) expect(missing).toEqual(expect.arrayContaining(remapped.map(({ from }) => from)));
        expect(missingDatabases).toEqual(asked.databases.filter((each) => each === 'e'));
        expect(clashes.length).toBe(moves.length - new Set(moves.map(({ to }) => key(to))).size);
      }),
    );
  });

  test('a table comes behind those it points at when there is no circle', () => {
    const chain = ['c', 'b', 'a'].map((table, i, all) => ({
      database: 'd',
      table,
      references: i < 2 ? [{ database: 'd', table: all[i + 1] ?? '' }] : [],
    }));
    const asked = { all: true, databases: [], tables: [], remapDatabases: [], remapTables: [] };
    expect(mapTables(asked, { databases, tables: chain }).moves.map(({ from }) => from.table)).toEqual(['a', 'b', 'c']);
    const circle = chain.map((each) => (each.table === 'a' ? { ...each, references: [chain[0]!] } : each));
    expect(mapTables(asked, { databases, tables: circle }).moves).toHaveLength(3);
  });

  test('a remap of the table comes before one of its database', () => {
    const remapTables = [{ from: { database: 'd', table: 'a' }, to: { database: 'e', table: 'z' } }];
    const remapDatabases = [{ from: 'd', to: 'other' }];
    const there = ['a', 'b'].map((table) => ({ database: 'd', table, references: [] }));
    const asked = { all: false, databases: ['d'], tables: [], remapDatabases, remapTables };
    const { moves } = mapTables(asked, { databases, tables: there });
    expect(moves.map(({ to }) => key(to))).toEqual(['e.z', 'other.b']);
  });
});

test('the log a standby follows has no hole and begins where it stands', () => {
  const piece = fc.record({
    roundId: fc.integer({ min: 1, max: 3 }),
    pieceId: fc.integer({ min: 1, max: 6 }),
    gone: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 10 }), fc.bigInt({ min: 0n, max: 800n }), (list, startScn) => {
      const pieces: PlanPiece[] = list.map(({ roundId, pieceId, gone }) => ({
        ...{ destId: 1001, roundId, pieceId, startScn: BigInt(pieceId) * 100n, endScn: BigInt(pieceId + 1) * 100n },
        ...{
          checkpointScn: BigInt(pieceId) * 100n + 50n,
          fileStatus: gone ? ('DELETED' as const) : ('AVAILABLE' as const),
        },
      }));
      const chain = followPieces(pieces, startScn);
      for (const [i, each] of chain.entries()) {
        expect(each.fileStatus).toBe('AVAILABLE');
        const before = chain[i - 1];
        if (before === undefined) expect(each.startScn <= startScn && startScn < each.endScn).toBe(true);
        else expect([each.roundId, each.startScn]).toEqual([before.roundId, before.endScn]);
      }
      const holds = pieces.some(
        (each) => each.fileStatus === 'AVAILABLE' && each.startScn <= startScn && startScn < each.endScn,
      );
      expect(chain.length > 0).toBe(holds);
    }),
  );
});

test('a standby goes on in the round that holds its moment, not in the last piece of the one before, which ended early', () => {
  const old = { destId: 1001, roundId: 3, pieceId: 66, startScn: 100n, endScn: 400n, checkpointScn: 190n };
  const next = { destId: 1001, roundId: 4, pieceId: 67, startScn: 200n, endScn: 500n, checkpointScn: 450n };
  const pieces: PlanPiece[] = [old, next].map((piece) => ({ ...piece, fileStatus: 'AVAILABLE' }));
  const ids = (scn: bigint) => followPieces(pieces, scn).map(({ pieceId }) => pieceId);
  expect([ids(150n), ids(190n), ids(195n), ids(250n), ids(450n)]).toEqual([[66], [66], [66], [67], [67]]);
});
