import { until } from '@conjob/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { runJob } from './run-job.ts';
import { StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

let ledger: TestLedger;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());

test('tells while a job runs how long its parts have taken so far', async () => {
  const engine = new FakeEngine();
  engine.images.add('docker.io/library/shell:latest');
  const id = await ledger.submit({ image: 'shell', args: ['sleep', '600'], killTimeoutSeconds: 0 });
  const claim = await ledger.claim(id);
  const timings = async () => (await ledger.submissions.find(id))?.attempts[0]?.timings;
  const { queueMs } = claim;
  expect(await timings()).toEqual({ queueMs, pullMs: null, createMs: null, runMs: null });
  const stop = new StopSignal();
  const ended = runJob(jobDependencies(engine, ledger.attempts), claim, stop);
  const known = { queueMs, pullMs: expect.any(Number), createMs: expect.any(Number), runMs: null };
  await until(async () => (await timings())?.createMs !== null);
  expect(await timings()).toEqual(known);
  stop.stop('cancelled');
  const { timings: whole } = await ended;
  expect(whole).toEqual({ ...known, runMs: expect.any(Number) });
});
