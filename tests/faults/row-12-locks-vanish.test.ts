import { setTimeout as sleep } from 'node:timers/promises';
import { BULL_PREFIX, keys } from '@conjob/shared';
import { expect } from 'vitest';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';
import type { Stage } from './support/stage.ts';
import { comesTrue, runningOn } from './support/witness/controls.ts';

const LOCKS = `${BULL_PREFIX}:*:lock`;
const BETWEEN_MS = 20;
/** How far the clock of Redis jumps ahead, as seen by all that it has noted before. */
const JUMP_MS = 3_600_000;
const EXIT_CODE = 7;

faultRow(
  {
    row: '12',
    fault: 'all locks of the queue vanish, again and again, and all leases are over at once',
    cluster: { leaseSeconds: 5 },
  },
  async (stage) => {
    const { cluster, load, runs, control, recovery, figures } = stage;
    // Some ask to be run again, and some would be recorded as lost.
    const clients = [{}, {}, { retry: { maxAttempts: 2 } }, { retry: { maxAttempts: 2 } }].map(
      (spec) => {
        const key = load.newKey();
        return load.run({ key, mode: 'sync', script: lines(key, 80, 0.2, EXIT_CODE), spec });
      },
    );
    const jobs = await load.jobIds(clients);
    const areRunning = () => runs().filter(({ until }) => until === Infinity).length === 4;
    await control('containers run on both hosts', comesTrue(areRunning));
    const running = await Promise.all(cluster.workers.map(({ engine }) => runningOn(engine)));
    await control('containers run on both hosts', !running.includes(false));

    const robbed = new Set<string>();
    const stop = new AbortController();
    const stealing = stealLocks(stage, stop.signal, robbed);
    await control('every lease was over, by the clock of Redis', endLeases(stage, jobs));
    const areStalled = async () => (await stalledCounts(stage, jobs)).every((count) => count > 0);
    await control(
      'the queue took each job for lost, and delivered it again',
      comesTrue(areStalled),
    );
    // Twice as long as anybody looks at a lease before it may end.
    await sleep((2 * cluster.leaseMs) / 3);
    stop.abort();
    await stealing;
    await control(
      'the locks of all jobs were taken',
      jobs.every((id) => robbed.has(id)),
    );
    figures['deliveries of running jobs'] = (await stalledCounts(stage, jobs)).join(', ');
    await control('containers run on both hosts', areRunning());

    const key = load.newKey();
    await recovery(() => load.run({ key, script: lines(key, 1) }).ended);
    await load.end();
    for (const { operation } of clients) {
      expect(operation.answer).toMatchObject({ conclusion: 'FAILURE', exitCode: EXIT_CODE });
      expect(operation.view).toMatchObject({ attempts: [{ conclusion: 'FAILURE' }] });
    }
    expect(runs().length).toBe(load.operations.length);
  },
);

/** Until it is told to stop. Notes of which jobs. */
async function stealLocks(
  { cluster }: Stage,
  signal: AbortSignal,
  robbed: Set<string>,
): Promise<void> {
  await cluster.redis.with(async (redis) => {
    while (!signal.aborted) {
      const locks = await redis.keys(LOCKS);
      if (locks.length > 0) await redis.del(...locks);
      for (const lock of locks) robbed.add(lock.split(':').at(-2) ?? '');
      await sleep(BETWEEN_MS);
    }
  });
}

/** As a clock that jumps ahead leaves them. True when all were in the past then. */
async function endLeases({ cluster }: Stage, jobs: readonly string[]): Promise<boolean> {
  return cluster.redis.with(async (redis) => {
    const past = Date.now() - JUMP_MS;
    const writes = redis.multi();
    for (const id of jobs) {
      writes.hset(keys.job(id), 'leaseUntil', past).zadd(keys.leases, past, id);
    }
    writes.zcount(keys.leases, '-inf', Date.now());
    const answers = await writes.exec();
    return Number(answers?.at(-1)?.[1]) === jobs.length;
  });
}

/**
 * How often BullMQ has found the ticket of a job without its lock, and put it back on the queue. By its events, since
 * the ticket itself is gone once a worker has heard that there is nothing to take by it.
 */
async function stalledCounts({ cluster }: Stage, jobs: readonly string[]): Promise<number[]> {
  const events = await cluster.redis.with((redis) =>
    redis.xrange(`${BULL_PREFIX}:run:events`, '-', '+'),
  );
  const stalled = events
    .map(([, fields]) => fields)
    .filter((fields) => fields.includes('stalled'))
    .flat();
  return jobs.map((id) => stalled.filter((field) => field === id).length);
}
