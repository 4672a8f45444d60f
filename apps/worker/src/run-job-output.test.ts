import { setTimeout } from 'node:timers/promises';
import { Attempts, jobError, keys } from '@conjob/shared';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { EngineError } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { runJob } from './run-job.ts';
import { StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { override } from './testing/override.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

let ledger: TestLedger;
let fake: FakeEngine;
let stop: StopSignal;

beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());
beforeEach(() => {
  fake = new FakeEngine();
  fake.images.add('docker.io/library/shell:latest');
  stop = new StopSignal();
});

describe('output', () => {
  test('that can’t be stored is flagged, and the exit still counts', async () => {
    const id = await ledger.submit({ image: 'shell', args: ['sh', '-c', 'echo x; exit 4'] });
    const claim = await ledger.claim(id);
    // A key of another type: every write of output fails.
    await ledger.redis.set(keys.output(id, 1), 'in the way');
    const dependencies = jobDependencies(fake, ledger.attempts);
    expect(await runJob(dependencies, claim, stop)).toMatchObject({
      conclusion: 'FAILURE',
      exitCode: 4,
      error: jobError('output.incomplete'),
    });
  });

  test('of a job that ends with an error is stored first, also where that is slow', async () => {
    const engine = override(fake, {
      stop: async () => {
        throw new EngineError('engine.failed', 'can not');
      },
    });
    const storing = Promise.withResolvers<void>();
    const slow = new (class extends Attempts {
      override async appendOutput(...args: Parameters<Attempts['appendOutput']>) {
        storing.resolve();
        await setTimeout(50);
        await super.appendOutput(...args);
      }
    })(ledger.redis, { worker: 'test', leaseMs: 30_000 });
    const id = await ledger.submit({ image: 'shell', args: ['sh', '-c', 'seq 100; sleep 600'] });
    const claim = await ledger.claim(id);
    const result = runJob(jobDependencies(engine, slow), claim, stop);
    await storing.promise;
    stop.stop('timed-out');
    expect(await result).toMatchObject({
      conclusion: 'TIMED_OUT',
      outputBytes: 292,
      outputTruncated: false,
    });
    expect((await ledger.output(id)).stdout).toHaveLength(292);
  });
});
