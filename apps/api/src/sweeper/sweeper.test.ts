import { queueOf } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { byImage } from '../testing/scripts.ts';
import { startStandInWorker } from '../testing/stand-in-worker.ts';
import { useQueue } from '../testing/use-queue.ts';
import { Sweeper } from './sweeper.ts';

const given = useQueue();
let sweeper: Sweeper;
beforeEach(() => {
  sweeper = new Sweeper(given);
});
afterEach(async () => {
  await sweeper.stop();
});

async function finished(id: string) {
  await until(async () => (await given.find(id)).state === 'finished');
  return given.find(id);
}

test('a job that waits longer than it allowed is ended, and leaves its queue', async () => {
  const requires = { gpu: 'true' };
  const id = await given.submit({ queueTimeoutSeconds: 1, requires });
  expect(await given.isHeld(id, queueOf(requires))).toBe(true);
  const { result } = await finished(id);
  expect(result).toMatchObject({ conclusion: 'TIMED_OUT', error: { code: 'queue.timed_out' } });
  await until(async () => !(await given.isHeld(id, queueOf(requires))));
});

test('a job that was started ends as lost when its worker is gone, with the output that there is', async () => {
  const { worker, claim } = await given.takeAndVanish(await given.accept());
  await worker.advance(claim, 'started', 'running');
  await worker.appendOutput(claim, [{ stream: 'stdout', data: Buffer.from('begun') }]);
  const record = await finished(claim.id);
  expect(record.result).toMatchObject({
    conclusion: 'UNKNOWN',
    exitCode: -1,
    outputBytes: 5,
    error: { code: 'worker.lost', message: expect.stringContaining('vanished') },
  });
  await expect(worker.renew(claim)).rejects.toThrow('another attempt');
});

test('a job that was not started is run by another worker when its own is gone', async () => {
  const id = await given.accept();
  await given.takeAndVanish(id);
  const worker = await startStandInWorker(given.server.url, byImage);
  expect((await finished(id)).attempts).toMatchObject([
    { worker: 'vanished', result: null },
    { worker: 'stand-in', result: { conclusion: 'SUCCESS' } },
  ]);
  await worker.close();
});

test('a job that asks for it runs again when its worker was lost', async () => {
  const id = await given.accept({ retry: { maxAttempts: 2, backoffSeconds: 1 } });
  const { worker, claim } = await given.takeAndVanish(id);
  await worker.advance(claim, 'started', 'running');
  const next = await startStandInWorker(given.server.url, byImage);
  const { attempts, result } = await finished(id);
  expect(result?.conclusion).toBe('SUCCESS');
  expect(attempts).toMatchObject([
    { worker: 'vanished', result: { error: { code: 'worker.lost' } } },
    { worker: 'stand-in', result: { conclusion: 'SUCCESS' } },
  ]);
  await next.close();
});

test('goes on after an outage of Redis', async () => {
  await given.server.crash();
  await until(() => given.redis.status !== 'ready');
  await given.server.restart();
  await until(() => given.redis.status === 'ready');
  const id = await given.submit({ queueTimeoutSeconds: 1 });
  expect((await finished(id)).result?.conclusion).toBe('TIMED_OUT');
});
