import type { JobHolder } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { fateOf } from './fate.ts';
import { type Observation, observe } from './observation.ts';
import { Pace } from './pace.ts';

interface Story {
  readonly leaseMs: number;
  /** Since its claim. The container is made at once, and the worker renews until then. */
  readonly workerDiesAt: number;
  /** The first look comes so long after the claim: an idle reaper may just have looked. */
  readonly firstLookAt: number;
  readonly redisAwayFrom?: number;
  /** By how much the clock of Redis jumps, and when. */
  readonly jump?: { readonly at: number; readonly byMs: number };
}

/** Runs a reaper by its own pace; returns when it killed, and when the last renewal was. */
function play({ leaseMs, workerDiesAt, firstLookAt, redisAwayFrom = Infinity, jump }: Story) {
  const pace = new Pace(leaseMs);
  const renewalMs = Math.min(leaseMs / 6, 5_000);
  const lastRenewalBy = (at: number) =>
    Math.floor(Math.min(at, workerDiesAt) / renewalMs) * renewalMs;
  const redisClock = (at: number) => 1e12 + at + (jump && at >= jump.at ? jump.byMs : 0);
  let seen: Observation = { kind: 'unknown', since: firstLookAt, leaseMs };
  let at = firstLookAt;
  while (at < workerDiesAt + 3 * leaseMs) {
    if (at < redisAwayFrom) {
      const leaseUntil = redisClock(lastRenewalBy(at)) + leaseMs;
      const holder: JobHolder = {
        state: 'running',
        attempt: 1,
        step: 'started',
        worker: 'w',
        leaseUntil,
        leaseMs,
      };
      seen = observe(seen, 1, holder, { at, redisNow: redisClock(at) });
    }
    const fate = fateOf('running', seen, at);
    if (fate.kind === 'kill') return { killedAt: at, lastRenewalAt: lastRenewalBy(at) };
    at += pace.nextInMs([{ observation: seen, fate }]);
  }
  return { killedAt: Infinity, lastRenewalAt: lastRenewalBy(at) };
}

describe.each([3_000, 5_000, 30_000, 600_000])('with a lease of %i ms, a reaper', (leaseMs) => {
  const { idleMs } = new Pace(leaseMs);
  const deaths = Array.from({ length: 60 }, (_, index) => (index * leaseMs) / 17);
  const firstLooks = [0, idleMs / 3, idleMs];
  const stories = deaths.flatMap((workerDiesAt) =>
    firstLooks.map((firstLookAt) => ({ leaseMs, workerDiesAt, firstLookAt })),
  );
  /** After its last renewal, in parts of the lease. */
  const killedAfter = (story: Story) => {
    const { killedAt, lastRenewalAt } = play(story);
    return (killedAt - lastRenewalAt) / leaseMs;
  };

  test('kills what a dead worker left with time to spare before the lease ends', () => {
    const killed = stories.map(killedAfter);
    expect(Math.min(...killed)).toBeGreaterThan(0.79);
    expect(Math.max(...killed)).toBeLessThan(0.82);
  });

  test('when Redis goes away, kills after a worker has ended its containers itself', () => {
    const killed = stories
      .filter(({ firstLookAt, workerDiesAt }) => firstLookAt < workerDiesAt)
      // The worker can renew no more from then on, either.
      .map((story) => killedAfter({ ...story, redisAwayFrom: story.workerDiesAt }));
    expect(Math.min(...killed)).toBeGreaterThan(0.6);
    expect(Math.max(...killed)).toBeLessThan(0.82);
  });

  test('when Redis is away before it first looks, kills in the same span, if only just', () => {
    const killed = deaths.flatMap((workerDiesAt) =>
      firstLooks.map((later) =>
        killedAfter({ leaseMs, workerDiesAt, firstLookAt: workerDiesAt + later, redisAwayFrom: 0 }),
      ),
    );
    expect(Math.min(...killed)).toBeGreaterThan(0.6);
    expect(Math.max(...killed)).toBeLessThan(1);
  });

  test.each([-3_600_000, 3_600_000])('is not misled by a clock that jumps by %i ms', (byMs) => {
    const alive = { leaseMs, workerDiesAt: 20 * leaseMs, firstLookAt: 0 };
    for (const at of [0, leaseMs / 7, leaseMs, 1.9 * leaseMs]) {
      const { killedAt } = play({ ...alive, jump: { at, byMs } });
      expect(killedAt).toBeGreaterThan(20 * leaseMs);
      const dead = killedAfter({ ...alive, workerDiesAt: 2 * leaseMs, jump: { at, byMs } });
      expect(dead).toBeGreaterThan(0.6);
      expect(dead).toBeLessThan(0.95);
    }
  });

  test('leaves alone what a live worker renews', () => {
    const { killedAt } = play({ leaseMs, workerDiesAt: 30 * leaseMs, firstLookAt: idleMs });
    expect(killedAt).toBeGreaterThan(30 * leaseMs);
  });
});

test('looks less often while nothing is there, or only what is kept', () => {
  const pace = new Pace(30_000);
  expect(pace.nextInMs([])).toBe(5_000);
  const observation = { kind: 'unknown', since: 0, leaseMs: null } as const;
  const kept = { observation, fate: { kind: 'retire', why: '' } } as const;
  expect(pace.nextInMs([kept])).toBe(5_000);
  const active = { observation, fate: { kind: 'leave', dueInMs: Infinity } } as const;
  expect(pace.nextInMs([kept, active])).toBe(1_000);
});
