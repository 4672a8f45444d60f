import type { JobHolder } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import type { ContainerState } from '../engine/engine.ts';
import { type Fate, fateOf } from './fate.ts';
import { type Observation, observe } from './observation.ts';

const LEASE_MS = 30_000;
const REDIS = 1_700_000_000_000;
type Status = ContainerState['status'];

const holder = (more: Partial<JobHolder> = {}): JobHolder => ({
  state: 'running',
  attempt: 2,
  step: 'started',
  worker: 'w',
  leaseUntil: REDIS + LEASE_MS,
  leaseMs: LEASE_MS,
  ...more,
});

const unseen = (leaseMs: number | null = LEASE_MS): Observation => ({
  kind: 'unknown',
  since: 0,
  leaseMs,
});

interface Seen {
  readonly at: number;
  readonly holder: JobHolder | null | 'unread';
  /** How far the clock of Redis has come, unless it goes like ours. */
  readonly redisAt?: number;
}

/** What becomes of the container of attempt 2 after these looks, at the time of the last one. */
function after(status: Status, ...looks: readonly Seen[]): Fate {
  let seen = unseen();
  for (const { at, holder: found, redisAt = at } of looks) {
    if (found !== 'unread') seen = observe(seen, 2, found, { at, redisNow: REDIS + redisAt });
  }
  return fateOf(status, seen, looks.at(-1)?.at ?? 0);
}

const renewedAt = (at: number) => holder({ leaseUntil: REDIS + at + LEASE_MS });

describe('a container whose lease is renewed', () => {
  test.each<Status>(['created', 'running', 'exited'])('is left alone when it is %s', (status) => {
    const looks = [0, 10_000, 20_000, 30_000].map((at) => ({ at, holder: renewedAt(at) }));
    expect(after(status, ...looks).kind).toBe('leave');
  });
});

describe('a container whose lease is not renewed', () => {
  const fate = (status: Status, at: number) =>
    after(status, { at: 0, holder: holder() }, { at, holder: holder() });

  test('is killed after 0.8 of the lease, and not before', () => {
    expect(fate('running', 23_999)).toEqual({ kind: 'leave', dueInMs: 1 });
    expect(fate('running', 24_000).kind).toBe('kill');
  });

  test('is removed by then when it was not started, so that nobody starts it any more', () => {
    expect(fate('created', 23_999).kind).toBe('leave');
    expect(fate('created', 24_000).kind).toBe('remove');
  });

  test('is left when it has ended, for the ledger to end its job first', () => {
    expect(fate('exited', 1_000_000).kind).toBe('leave');
  });

  test('is killed without Redis too, since nobody is seen to renew it', () => {
    const seen = { at: 0, holder: holder() };
    expect(after('running', seen, { at: 23_999, holder: 'unread' }).kind).toBe('leave');
    expect(after('running', seen, { at: 24_000, holder: 'unread' }).kind).toBe('kill');
  });

  test('has the age that Redis tells when it is first seen', () => {
    const looks = [5_000, 23_999, 24_000].map((at) => ({ at, holder: holder() }));
    expect(after('running', ...looks.slice(0, 2)).kind).toBe('leave');
    expect(after('running', ...looks).kind).toBe('kill');
  });

  test('is watched for a while all the same, since the clock of Redis may have jumped', () => {
    const jumped = (at: number) => ({ at, holder: holder(), redisAt: at + 3_600_000 });
    expect(after('running', jumped(0), jumped(9_999)).kind).toBe('leave');
    expect(after('running', jumped(0), jumped(10_000)).kind).toBe('kill');
  });

  test('is no older than the last look, whatever the clock of Redis says', () => {
    const renewed = holder({ leaseUntil: REDIS + 3_600_000 + LEASE_MS });
    const looks = [
      { at: 0, holder: holder() },
      { at: 1_000, holder: renewed, redisAt: 7_200_000 },
    ];
    expect(after('running', ...looks)).toEqual({ kind: 'leave', dueInMs: 23_000 });
  });
});

describe.each<readonly [string, JobHolder | null]>([
  ['is over', holder({ state: 'finished', leaseUntil: null })],
  ['was given back', holder({ state: 'queued', leaseUntil: null })],
  ['has an earlier attempt than this one', holder({ attempt: 1 })],
  ['nobody knows', null],
])('a container whose job %s', (_, found) => {
  const looks = (...times: readonly number[]) => times.map((at) => ({ at, holder: found }));

  test.each<Status>(['created', 'running'])('is removed when it was seen %s for 10 s', (status) => {
    expect(after(status, ...looks(0, 9_999))).toEqual({ kind: 'leave', dueInMs: 1 });
    expect(after(status, ...looks(0, 10_000)).kind).toBe('remove');
  });

  test('is kept for its owner when it has ended', () => {
    expect(after('exited', ...looks(0, 10_000)).kind).toBe('retire');
  });

  test('is left when Redis could be read only once: time alone proves nothing', () => {
    const [seen] = looks(0);
    expect(seen && after('running', seen, { at: 60_000, holder: 'unread' }).kind).toBe('leave');
  });
});

test('a running container that a later attempt has replaced is killed at once', () => {
  const replaced = { at: 0, holder: holder({ attempt: 3 }) };
  expect(after('running', replaced).kind).toBe('kill');
  expect(after('exited', replaced).kind).toBe('leave');
});

describe('a container that was first seen when Redis could not be asked any more', () => {
  const fate = (status: Status, at: number) => after(status, { at, holder: 'unread' });

  test('is left until its worker has had the time to end it, and killed within the lease', () => {
    expect(fate('running', 0.6 * LEASE_MS).kind).toBe('leave');
    expect(fate('running', 0.65 * LEASE_MS).kind).toBe('kill');
    expect(fate('created', 0.65 * LEASE_MS).kind).toBe('remove');
    expect(fate('exited', 1_000_000).kind).toBe('leave');
  });

  test('is left when it does not tell how long its lease is', () => {
    expect(fateOf('running', unseen(null), 1_000_000).kind).toBe('leave');
  });
});

test('an ended job that was seen to be over just once begins to count anew after it ran again', () => {
  const over = holder({ state: 'queued', leaseUntil: null });
  const looks = [
    { at: 0, holder: over },
    { at: 9_000, holder: renewedAt(9_000) },
    { at: 11_000, holder: over },
  ];
  expect(after('created', ...looks).kind).toBe('leave');
});
