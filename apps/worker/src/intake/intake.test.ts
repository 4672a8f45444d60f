import { setTimeout as sleep } from 'node:timers/promises';
import { createLogger } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openQueue, type TestQueue } from '../testing/test-queue.ts';
import { openLedger, type TestLedger } from '../testing/test-redis.ts';
import type { Delivery, Disposition } from './delivery.ts';
import { Intake } from './intake.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });
const HOUR_MS = 3_600_000;

let ledger: TestLedger;
let queue: TestQueue;
const intakes: Intake[] = [];

beforeEach(async () => {
  ledger = await openLedger();
  queue = await openQueue(ledger.redis);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(intakes.splice(0).map((intake) => intake.close()));
  await queue.close();
  await ledger.close();
});

interface Taking {
  readonly process: (delivery: Delivery) => Promise<Disposition>;
  readonly hasSlot?: () => boolean;
  readonly leaseMs?: number;
}

function open({ process, hasSlot = () => true, leaseMs = 30_000 }: Taking): Intake {
  const intake = new Intake({
    redis: ledger.redis,
    queue: 'run',
    name: 'test',
    leaseMs,
    onTaken: () => (hasSlot() ? { answered: () => {}, release: () => {} } : null),
    process,
    logger,
  });
  intakes.push(intake);
  return intake;
}

/** Takes what it can, and says in which order. */
function record(disposition: (delivery: Delivery) => Disposition = () => 'done') {
  const taken: string[] = [];
  const process = async (delivery: Delivery) => {
    taken.push(delivery.ticket);
    return disposition(delivery);
  };
  return { taken, process };
}

/** What the intake is told when it asks for a job comes late, but for the first so many times. */
function holdAnswersBut(first: number) {
  const released = Promise.withResolvers<void>();
  type Ask = (...args: unknown[]) => Promise<unknown>;
  const redis = ledger.redis as unknown as Record<string, Ask>;
  const [name = ''] = Object.keys(redis).filter((command) => command.startsWith('moveToActive:'));
  const ask = redis[name]?.bind(redis) as Ask;
  let asked = 0;
  vi.spyOn(redis, name).mockImplementation(async (...args) => {
    asked += 1;
    if (asked > first) await released.promise;
    return ask(...args);
  });
  return { release: () => released.resolve() };
}

describe('an intake', () => {
  test('delivers again what a dead worker had taken, whatever the length of the lease', async () => {
    await queue.add('job-1');
    await queue.takeAndDie(100);
    const { taken, process } = record();
    open({ process, leaseMs: 100 }).allow(1);
    await until(() => taken.length === 1);
  });

  test('that has no slot for a job gives it back', async () => {
    const { taken, process } = record();
    let isFree = false;
    await queue.add('job-1');
    const intake = open({ process, hasSlot: () => isFree });
    intake.allow(1);
    await until(async () => (await queue.timesTaken('job-1')) > 1);
    expect(taken).toEqual([]);
    isFree = true;
    await until(() => taken.length === 1);
  });

  test('begins with a job before it is known whether there is another one', async () => {
    await queue.add('job-1');
    const { taken, process } = record();
    const intake = open({ process });
    await intake.ready();
    const answers = holdAnswersBut(1);
    intake.allow(2);
    await until(() => taken.length === 1);
    answers.release();
    await until(async () => (await queue.stateOf('job-1')) === 'unknown');
  });

  test('wakes a worker that waits when it gives a job back', async () => {
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    await queue.add('job-1');
    const intake = open({
      process: async () => {
        begun.resolve();
        await end.promise;
        return 'back';
      },
    });
    intake.allow(1);
    await begun.promise;
    intake.hold();
    await queue.takeMark();
    end.resolve();
    await until(async () => (await queue.stateOf('job-1')) === 'waiting');
    await until(() => queue.takeMark());
  });

  test('gives a job back to its place, before others that are as important', async () => {
    for (const id of ['job-1', 'job-2']) await queue.add(id);
    await queue.add('urgent', 1);
    const { taken, process } = record(({ count }) => (count === 1 ? 'back' : 'done'));
    open({ process }).allow(1);
    await until(async () => (await queue.stateOf('job-2')) === 'unknown');
    expect(taken).toEqual(['urgent', 'urgent', 'job-1', 'job-1', 'job-2', 'job-2']);
  });

  test('puts a job off behind others that are as important', async () => {
    for (const id of ['job-1', 'job-2']) await queue.add(id);
    const { taken, process } = record(({ ticket, count }) =>
      ticket === 'job-1' && count === 1 ? { laterMs: 0 } : 'done',
    );
    open({ process }).allow(1);
    await until(async () => (await queue.stateOf('job-1')) === 'unknown');
    expect(taken).toEqual(['job-1', 'job-2', 'job-1']);
  });

  test.each([
    ['ahead', HOUR_MS],
    ['behind', -HOUR_MS],
  ])('whose clock is an hour %s puts a job off for no longer than it says', async (_, skewMs) => {
    const now = Date.now.bind(Date);
    await queue.add('job-1');
    const skewed = open({
      process: async () => {
        skewed.hold();
        return { laterMs: 1_000 };
      },
    });
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + skewMs);
    skewed.allow(1);
    await until(async () => (await queue.stateOf('job-1')) === 'delayed');
    clock.mockRestore();
    expect(await queue.dueAt('job-1')).toBeLessThanOrEqual(now() + 1_000);
    const { taken, process } = record();
    open({ process }).allow(1);
    await until(() => taken.length === 1);
  });

  test('whose clock is an hour ahead does not ask for the same job over and over', async () => {
    const now = Date.now.bind(Date);
    const { taken, process } = record(() => ({ laterMs: 1_000 }));
    await queue.add('job-1');
    vi.spyOn(Date, 'now').mockImplementation(() => now() + HOUR_MS);
    open({ process }).allow(1);
    await until(() => taken.length === 1);
    // It is due for this worker as soon as it is put off, so that comes late.
    expect(await queue.stateOf('job-1')).toBe('active');
    await sleep(100);
    expect(taken).toEqual(['job-1']);
  });
});
