import { beforeEach, describe, expect, test } from 'vitest';
import { keys } from '../keys.ts';
import { type LimitName, Limits, type LimitValues } from '../limits.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { jobResult, jobSpec, useLedger } from '../testing/use-ledger.ts';
import { countJobs } from './job-counts.ts';
import type { Submission } from './submission.ts';

const ledger = useLedger();
const DEFAULTS: LimitValues = {
  maxGlobalRequestsPerSecond: 1000,
  maxConcurrentRuns: 1000,
  maxTimeoutSeconds: 60,
  maxKillTimeoutSeconds: 10,
  maxQueuedJobs: 1000,
};

let limits: Limits;
let made = 0;

beforeEach(async () => {
  limits = new Limits(ledger.redis, DEFAULTS);
  await limits.announce();
});

const accept = (more: Partial<Submission> = {}) => {
  made += 1;
  const id = `job-${String(made).padStart(6, '0')}`;
  return ledger.submissions.accept({ id, spec: jobSpec(), ...more });
};
const acceptRun = (more: Partial<Submission> = {}) => accept({ needsPlace: true, ...more });
const outcomesOf = async (...answers: ReturnType<typeof accept>[]) =>
  (await Promise.all(answers)).map(({ outcome }) => outcome);
const times = <Value>(count: number, make: () => Value) => Array.from({ length: count }, make);
const refusal = (limit: LimitName, allowed: number) => ({
  outcome: 'refused',
  id: null,
  limit,
  allowed,
  rate: expect.anything(),
});
/** As if so many seconds had passed since all jobs so far were accepted. */
async function passSeconds(seconds: number): Promise<void> {
  for (const id of await ledger.redis.zrange(keys.accepted, '0', '-1')) {
    await ledger.redis.zincrby(keys.accepted, String(-seconds * 1e6), id);
  }
}

describe('the limit of new jobs in a second', () => {
  beforeEach(async () => void (await limits.change({ maxGlobalRequestsPerSecond: 3 })));

  test('accepts as many as it says, and refuses the rest', async () => {
    const outcomes = await outcomesOf(...times(6, accept));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(3);
    expect(await accept()).toEqual(refusal('maxGlobalRequestsPerSecond', 3));
  });

  test('counts over any second, not by the clock', async () => {
    await accept();
    await passSeconds(0.6);
    await outcomesOf(accept(), accept());
    await passSeconds(0.5);
    // The first one is more than a second ago, the two others are not.
    expect(await outcomesOf(accept())).toEqual(['accepted']);
    expect(await outcomesOf(accept())).toEqual(['refused']);
  });

  test('counts no job that was refused, and no request that made none', async () => {
    const idempotency = { keyHash: 'k', fingerprint: 'f' };
    const { id } = await accept({ idempotency });
    for (let n = 0; n < 9; n += 1) {
      expect(await accept({ idempotency })).toEqual({ outcome: 'replayed', rate: null, id });
    }
    expect(await outcomesOf(accept(), accept())).toEqual(['accepted', 'accepted']);
    await outcomesOf(...times(9, accept));
    await passSeconds(1);
    expect(await outcomesOf(...times(3, accept))).toEqual(['accepted', 'accepted', 'accepted']);
  });

  test('is not met for ever when the clock of Redis is set back', async () => {
    await outcomesOf(...times(3, accept));
    await passSeconds(-3600);
    expect(await outcomesOf(...times(3, accept))).toEqual(['accepted', 'accepted', 'accepted']);
  });

  test('a key that was refused can be used again', async () => {
    await outcomesOf(...times(3, accept));
    const idempotency = { keyHash: 'k', fingerprint: 'f' };
    expect(await outcomesOf(accept({ idempotency }))).toEqual(['refused']);
    await passSeconds(1);
    expect(await outcomesOf(accept({ idempotency: { ...idempotency, fingerprint: 'g' } }))).toEqual(
      ['accepted'],
    );
  });

  test('0 accepts nothing', async () => {
    await limits.change({ maxGlobalRequestsPerSecond: 0 });
    expect(await accept()).toEqual(refusal('maxGlobalRequestsPerSecond', 0));
  });
});

describe('the limit of jobs that run at once', () => {
  beforeEach(async () => void (await limits.change({ maxConcurrentRuns: 3 })));

  test('refuses whoever needs a place, also when those before it still wait', async () => {
    const outcomes = await outcomesOf(...times(6, acceptRun));
    expect(outcomes.filter((outcome) => outcome === 'accepted')).toHaveLength(3);
    expect(await acceptRun()).toEqual(refusal('maxConcurrentRuns', 3));
  });

  test('counts each run once: while it waits, while it runs, and when it was given back', async () => {
    const first = (await acceptRun()).id ?? '';
    for (let n = 0; n < 3; n += 1) {
      const claim = await ledger.claim(first);
      if (n === 0)
        expect(await outcomesOf(acceptRun(), acceptRun())).toEqual(['accepted', 'accepted']);
      expect(await outcomesOf(acceptRun())).toEqual(['refused']);
      await ledger.worker('first').release(claim);
      expect(await outcomesOf(acceptRun())).toEqual(['refused']);
    }
    await ledger.worker('first').finish(await ledger.claim(first), jobResult());
    expect(await outcomesOf(acceptRun(), acceptRun())).toEqual(['accepted', 'refused']);
  });

  test('lets any number of others wait, and claims no more than may run', async () => {
    const ids = await Promise.all(times(6, accept).map(async (answer) => (await answer).id ?? ''));
    const worker = ledger.worker('first');
    const outcomes = await Promise.all(ids.map((id) => worker.claim(id, ledger.newToken())));
    const kinds = outcomes.map(({ kind }) => kind).sort();
    expect(kinds).toEqual([...times(3, () => 'claimed'), ...times(3, () => 'held-back')]);
    expect(await outcomesOf(acceptRun())).toEqual(['refused']);
    expect(await countJobs(ledger.redis)).toEqual({ queued: 3, running: 3 });
  });

  test('a claim that is sent again is the same, however full it is', async () => {
    const [first = ''] = await Promise.all(times(3, async () => (await accept()).id ?? ''));
    await limits.change({ maxConcurrentRuns: 1 });
    const worker = ledger.worker('first');
    expect((await worker.claim(first, 'token')).kind).toBe('claimed');
    expect((await worker.claim(first, 'token')).kind).toBe('claimed');
  });

  test('when it is lowered, those that run go on, and none is added until there are fewer', async () => {
    const claims = [];
    for (let n = 0; n < 3; n += 1) claims.push(await ledger.claim((await accept()).id ?? ''));
    const waiting = (await accept()).id ?? '';
    await limits.change({ maxConcurrentRuns: 1 });
    const worker = ledger.worker('first');
    for (const claim of claims) {
      expect((await worker.claim(waiting, ledger.newToken())).kind).toBe('held-back');
      await worker.finish(claim, jobResult());
    }
    expect((await worker.claim(waiting, ledger.newToken())).kind).toBe('claimed');
  });

  test('the place of a worker that is gone comes back with the end of its lease', async () => {
    await limits.change({ maxConcurrentRuns: 1 });
    const { id } = await ledger.claimAt('started');
    expect(await outcomesOf(acceptRun())).toEqual(['refused']);
    expect(await ledger.loseWorker(id)).toBe('finished');
    expect(await outcomesOf(acceptRun())).toEqual(['accepted']);
  });

  test('tells when a place is free again, or when the limit is another', async () => {
    const subscriber = connectPatient(ledger.url);
    let heard = 0;
    subscriber.on('message', () => {
      heard += 1;
    });
    await subscriber.subscribe(keys.places);
    const claims = [];
    for (let n = 0; n < 3; n += 1) claims.push(await ledger.claim((await accept()).id ?? ''));
    expect(heard).toBe(0);
    for (const claim of claims) await ledger.worker('first').finish(claim, jobResult());
    // The others end while there are places anyhow: nobody waits for that.
    await expect.poll(() => heard).toBe(1);
    await limits.change({ maxConcurrentRuns: 5 });
    await expect.poll(() => heard).toBe(2);
    await disconnect(subscriber);
  });
});

describe('the limit of jobs that wait', () => {
  test('refuses the one over it, whichever queue it is for', async () => {
    await limits.change({ maxQueuedJobs: 2 });
    await accept();
    const { id = '' } = await accept({ spec: jobSpec({ requires: { gpu: 'true' } }) });
    expect(await accept()).toEqual(refusal('maxQueuedJobs', 2));
    expect(await outcomesOf(acceptRun())).toEqual(['refused']);
    const claim = await ledger.claim(id ?? '');
    expect(await outcomesOf(accept(), accept())).toEqual(['accepted', 'refused']);
    // What comes back to the queue is never refused.
    await ledger.worker('first').release(claim);
    expect(await countJobs(ledger.redis)).toEqual({ queued: 3, running: 0 });
  });

  test('counts no job that has ended, whether it is kept, deleted or expired', async () => {
    await limits.change({ maxQueuedJobs: 1 });
    const kept = await ledger.submitFinished();
    const deleted = await ledger.submitFinished();
    await ledger.submissions.remove(deleted);
    const expired = await ledger.submitFinished();
    await ledger.redis.del(keys.job(expired));
    await ledger.redis.zadd(keys.expiry, 1, expired);
    expect(await outcomesOf(accept(), accept())).toEqual(['accepted', 'refused']);
    expect((await ledger.find(kept)).state).toBe('finished');
    expect(await countJobs(ledger.redis)).toEqual({ queued: 1, running: 0 });
  });
});

describe('a job that was checked by limits', () => {
  const checkedBy = { maxTimeoutSeconds: 5, maxKillTimeoutSeconds: 3 };
  beforeEach(async () => void (await limits.change(checkedBy)));

  test('is taken as long as they hold', async () => {
    expect(await outcomesOf(accept({ checkedBy }))).toEqual(['accepted']);
  });

  test.each(['maxTimeoutSeconds', 'maxKillTimeoutSeconds'] as const)(
    'leaves no trace when %s is another one by now',
    async (name) => {
      await limits.change({ [name]: 7 });
      const before = await ledger.redis.keys('*');
      const idempotency = { keyHash: 'checked', fingerprint: 'f' };
      expect(await outcomesOf(accept({ checkedBy, idempotency }))).toEqual(['outdated']);
      expect((await ledger.redis.keys('*')).sort()).toEqual(before.sort());
      expect(await outcomesOf(accept({ idempotency }))).toEqual(['accepted']);
      expect(await outcomesOf(accept({ checkedBy, idempotency }))).toEqual(['replayed']);
    },
  );

  test('is not taken when nobody knows any limits', async () => {
    await ledger.redis.del(keys.limits);
    expect(await outcomesOf(accept({ checkedBy }))).toEqual(['outdated']);
  });
});

describe('what the limits are', () => {
  test('is what was set, else the default of the process that was started last', async () => {
    expect(await limits.current()).toEqual(DEFAULTS);
    expect(await limits.change({ maxTimeoutSeconds: 5 })).toEqual(DEFAULTS);
    const later = new Limits(ledger.redis, { ...DEFAULTS, maxTimeoutSeconds: 7, maxQueuedJobs: 7 });
    await later.announce();
    const now = { ...DEFAULTS, maxTimeoutSeconds: 5, maxQueuedJobs: 7 };
    expect(await limits.current()).toEqual(now);
    expect(await later.current()).toEqual(now);
  });

  test('is as before when the values before are set again', async () => {
    const before = await limits.change({ maxTimeoutSeconds: 5, maxQueuedJobs: 5 });
    await limits.change(before);
    const later = new Limits(ledger.redis, { ...DEFAULTS, maxTimeoutSeconds: 7 });
    await later.announce();
    // Nothing is left of what was set, not even that it was.
    expect(await later.current()).toEqual({ ...DEFAULTS, maxTimeoutSeconds: 7 });
  });

  test('comes back after Redis has lost everything, and does not undo what is newer', async () => {
    const later = new Limits(ledger.redis, { ...DEFAULTS, maxConcurrentRuns: 1 });
    await later.announce();
    await limits.announce();
    expect((await limits.current()).maxConcurrentRuns).toBe(1);
    await ledger.redis.flushall();
    expect(await limits.current()).toEqual(DEFAULTS);
    await limits.announce();
    expect((await later.current()).maxConcurrentRuns).toBe(DEFAULTS.maxConcurrentRuns);
  });
});
