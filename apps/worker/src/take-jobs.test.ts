import { createLogger } from '@conjob/shared';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createIntake } from './take-jobs.ts';
import { openQueue, type TestQueue } from './testing/test-queue.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

const logger = createLogger({ name: 'worker', level: 'silent' });

let ledger: TestLedger;
let queue: TestQueue;

beforeEach(async () => {
  ledger = await openLedger();
  queue = await openQueue(ledger.redis);
});
afterEach(async () => {
  await queue.close();
  await ledger.close();
});

// A third of it is no whole number.
const LEASE_MS = 100;

function intakeTo(process: (job: { readonly id?: string }) => Promise<void>) {
  const { redis } = ledger;
  return createIntake({ redis, name: 'test', concurrency: 1, leaseMs: LEASE_MS, process, logger });
}

test('what a dead worker had taken is delivered again, whatever the length of the lease', async () => {
  await queue.add('job-1');
  const dead = intakeTo(async () => {});
  await dead.getNextJob('dead');
  await dead.close(true);
  const delivered = Promise.withResolvers<string | undefined>();
  const intake = intakeTo(async ({ id }) => delivered.resolve(id));
  const ended = intake.run();
  expect(await delivered.promise).toBe('job-1');
  await intake.close();
  await ended;
});
