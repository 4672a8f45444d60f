import { createLogger, loadConfig } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testContainer } from '../../testing/specs.ts';
import { openQueue, type TestQueue } from '../../testing/test-queue.ts';
import { openLedger, type TestLedger } from '../../testing/test-redis.ts';
import { type RunningWorker, startWorker, workerConfigSchema } from '../../worker.ts';
import { FakeEngine } from './fake-engine.ts';
import { openFakeEngine } from './open-fake-engine.ts';

let ledger: TestLedger;
let queue: TestQueue;
let worker: RunningWorker;

beforeAll(async () => {
  ledger = await openLedger();
  queue = await openQueue(ledger.redis);
  const config = loadConfig(workerConfigSchema, {
    REDIS_URL: ledger.server.url,
    WORKER_NAME: 'simulated',
  });
  const logger = createLogger({ name: 'worker', level: 'silent' });
  const open = openFakeEngine('one', ['docker.io/library/noop:latest']);
  worker = await startWorker(config, logger, new AbortController().signal, open);
});

afterAll(async () => {
  await worker.close();
  await queue.close();
  await ledger.close();
});

test('a worker on a fake engine takes jobs from the queue, and records how they end', async () => {
  const id = await ledger.submit({ image: 'noop', args: ['echo', 'said'] });
  await queue.add(id);
  await until(async () => (await ledger.submissions.find(id))?.state === 'finished');
  expect(await ledger.submissions.find(id)).toMatchObject({
    result: { conclusion: 'SUCCESS', outputBytes: 5 },
    attempts: [{ worker: 'simulated' }],
  });
});

test('a volume of a fake engine is removed when no container has it any more', async () => {
  const fake = new FakeEngine();
  fake.images.add('noop');
  const labels = { of: 'test' };
  const volumes = [{ name: 'cache', labels, target: '/cache' }];
  const id = await fake.create(testContainer('noop', ['true'], { volumes }));
  expect(await fake.upkeep.volumes(labels)).toEqual([{ name: 'cache', labels }]);
  expect(await fake.upkeep.volumes({ of: 'others' })).toEqual([]);
  expect(await fake.upkeep.holdersOf('cache')).toMatchObject([{ id }]);
  expect(await fake.upkeep.removeVolume('cache')).toBe(false);
  await fake.remove(id);
  expect(await fake.upkeep.removeVolume('cache')).toBe(true);
  expect(await fake.upkeep.hasVolume('cache')).toBe(false);
});
