import { describe, expect, test } from 'vitest';
import * as states from '../../src/policy/next-states.ts';

const { mayMove: _mayMove, assertMove: _assertMove, ...only } = states;
const tables: readonly (readonly [string, states.StateTable])[] = Object.entries(only);

describe('state tables', () => {
  for (const [name, table] of tables)
    test(`${name}: every follower is a state, and every state reaches an end`, () => {
      for (const followers of Object.values(table)) for (const state of followers) expect(table).toHaveProperty(state);
      const ends = new Set(Object.keys(table).filter((state) => table[state]!.length === 0));
      for (let grew = true; grew; ) {
        const before = ends.size;
        for (const [state, followers] of Object.entries(table))
          if (followers.some((follower) => ends.has(follower))) ends.add(state);
        grew = ends.size > before;
      }
      expect([...ends].sort()).toEqual(Object.keys(table).sort());
    });

  test('a step may be repeated, a forbidden one throws', () => {
    expect(states.mayMove(states.backupJobStates, 'DOING', 'DOING')).toBe(true);
    expect(states.mayMove(states.setFileStates, 'COPYING', 'DELETING')).toBe(false);
    expect(states.mayMove(states.setFileStates, 'NEVER', 'NEVER')).toBe(false);
    expect(() => states.assertMove(states.archiveRoundStates, 'INTERRUPTED', 'DOING')).toThrow(
      'state INTERRUPTED must not become DOING',
    );
  });
});
