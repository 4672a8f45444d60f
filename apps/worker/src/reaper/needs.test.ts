import { describe, expect, test } from 'vitest';
import type { ContainerState, ListedContainer } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import { fateOf } from './fate.ts';
import { type Alone, isDone } from './needs.ts';
import type { Observation } from './observation.ts';

const SINCE = 1_000_000;
const LEASE_MS = 30_000;
const MINUTE_MS = 60_000;

interface Left {
  readonly status: ContainerState['status'];
  readonly keepSeconds?: number;
  readonly observation: Observation;
}

/** Seen for the first time as the worker went, unless something else is said. */
const unneeded = (forMs = 0): Observation => {
  return { kind: 'unneeded', isReplaced: false, since: SINCE - forMs, seenAt: SINCE };
};
const leased = (renewedAt: number): Observation => {
  return { kind: 'leased', leaseUntil: 1, leaseMs: LEASE_MS, renewedAt, seenAt: SINCE };
};

const alone = (left: readonly Left[], more: Partial<Alone> = {}): Alone => ({
  since: SINCE,
  engineSeenAt: SINCE,
  hasHelpers: false,
  report: {
    entries: left.map(({ status, keepSeconds = 0, observation }) => ({
      container: {
        id: 'c',
        status,
        labels: { [LABELS.keepSeconds]: String(keepSeconds) },
      } as unknown as ListedContainer,
      observation,
      fate: fateOf(status, observation, SINCE),
    })),
  },
  ...more,
});
const isDoneWith = (left: Left) => isDone(alone([left]), SINCE);

describe('a reaper whose worker is gone', () => {
  test('has nothing to do where nothing is left', () => {
    expect(isDone(alone([]), SINCE)).toBe(true);
    expect(isDone(alone([], { hasHelpers: true }), SINCE)).toBe(false);
    expect(isDone(alone([], { report: null }), SINCE)).toBe(false);
  });

  test.each([0, MINUTE_MS])('leaves what has ended and is kept to others, %d ms on', (forMs) => {
    const observation = unneeded(forMs);
    expect(isDoneWith({ status: 'exited', keepSeconds: 60, observation })).toBe(true);
    expect(isDoneWith({ status: 'exited', observation })).toBe(false);
    expect(isDoneWith({ status: 'running', keepSeconds: 60, observation })).toBe(false);
    expect(isDoneWith({ status: 'created', keepSeconds: 60, observation })).toBe(false);
  });

  test('stays until somebody renews what runs', () => {
    expect(isDoneWith({ status: 'running', observation: leased(SINCE - 1) })).toBe(false);
    expect(isDoneWith({ status: 'exited', keepSeconds: 60, observation: leased(SINCE - 1) })).toBe(
      false,
    );
    expect(isDoneWith({ status: 'running', observation: leased(SINCE + 1) })).toBe(true);
  });

  test.each(['what it saw last', 'nothing'])(
    'waits ten minutes for its engine when it knows %s',
    (what) => {
      const left: Left = { status: 'running', observation: leased(SINCE - 1) };
      const without = alone([left], what === 'nothing' ? { report: null } : {});
      expect(isDone(without, SINCE + 10 * MINUTE_MS)).toBe(false);
      expect(isDone(without, SINCE + 10 * MINUTE_MS + 1)).toBe(true);
      const seen = { ...without, engineSeenAt: SINCE + MINUTE_MS };
      expect(isDone(seen, SINCE + 11 * MINUTE_MS)).toBe(false);
    },
  );

  test('stays no longer than six hours', () => {
    const left: Left = { status: 'running', observation: leased(SINCE - 1) };
    const now = SINCE + 360 * MINUTE_MS;
    const seen = alone([left], { engineSeenAt: now });
    expect(isDone(seen, now)).toBe(false);
    expect(isDone(seen, now + 1)).toBe(true);
  });
});
