import fc from 'fast-check';
import { expect, test } from 'vitest';
import { jobError } from '../job-error.ts';
import { resultWithoutOutput } from '../job-result.ts';
import { LIMITS, Limits, type LimitValues } from '../limits.ts';
import { jobResult, jobSpec, useLedger } from '../testing/use-ledger.ts';
import { FencedError } from './claim.ts';
import { countJobs } from './job-counts.ts';

const ledger = useLedger();
const PLACES = 3;
const DEFAULTS = Object.fromEntries(
  Object.entries(LIMITS).map(([name, { standard }]) => [name, standard]),
) as LimitValues;

/** How far a job comes before something goes wrong with it. */
const STEPS = ['queued', 'claimed', 'created', 'started', 'exited'] as const;
type Step = (typeof STEPS)[number];
/** What goes wrong, or right. Each of them can happen at each step, or is refused there. */
const ENDS = ['finish', 'fail', 'retry', 'release', 'cancel', 'lose', 'overdue', 'fenced'] as const;

const life = fc.record({
  step: fc.constantFrom(...STEPS),
  end: fc.constantFrom(...ENDS),
  needsPlace: fc.boolean(),
});
type Life = typeof life extends fc.Arbitrary<infer Value> ? Value : never;

let made = 0;
const accept = (needsPlace: boolean) => {
  made += 1;
  const spec = jobSpec({ retry: { maxAttempts: 3, on: ['exit:1'], backoffSeconds: 0 } });
  return ledger.submissions.accept({ id: `place-${made}`, spec, needsPlace });
};

/** A job up to that step; null for one that has not come to a worker. */
async function bringTo(step: Step, id: string) {
  if (step === 'queued') return null;
  const outcome = await ledger.worker('first').claim(id, ledger.newToken());
  if (!('claim' in outcome)) return null;
  const { claim } = outcome;
  for (const next of STEPS.slice(2, STEPS.indexOf(step) + 1)) {
    await ledger.worker('first').advance(claim, next as 'created', 'creating');
  }
  return claim;
}

/** The error, and what others make of it: nobody holds the job any more, and it has ended. */
async function live({ step, end, needsPlace }: Life, look = async () => {}): Promise<void> {
  const { id } = await accept(needsPlace);
  if (id === null) return;
  const claim = await bringTo(step, id);
  await look();
  const worker = ledger.worker('first');
  const { submissions } = ledger;
  if (claim !== null) {
    const failed = jobResult({ conclusion: 'FAILURE', exitCode: 1 });
    const ways: Partial<Record<Life['end'], () => Promise<unknown>>> = {
      finish: () => worker.finish(claim, jobResult()),
      fail: () => worker.finish(claim, resultWithoutOutput('UNKNOWN', jobError('engine.failed'))),
      retry: () => worker.retry(claim, failed, 0),
      release: () => worker.release(claim),
      lose: () => ledger.loseWorker(id),
      fenced: () => worker.finish({ ...claim, token: 'another' }, jobResult()),
    };
    await ways[end]?.().catch((error: unknown) => {
      if (!(error instanceof FencedError)) throw error;
    });
  }
  if (end === 'overdue') await submissions.finishQueued(id, jobError('queue.timed_out'));
  // What is not over by now is ended by whoever asks, or by the end of its lease.
  await submissions.cancel(id, 'enough');
  if ((await ledger.find(id)).state === 'running') await ledger.loseWorker(id);
}

test('no error at any step costs a place, whatever came before it', async () => {
  const limits = new Limits(ledger.redis, DEFAULTS);
  await fc.assert(
    fc.asyncProperty(fc.array(life, { minLength: 1, maxLength: 12 }), async (lives) => {
      await ledger.redis.flushall();
      await limits.change({ maxConcurrentRuns: PLACES });
      await Promise.all(lives.map((each) => live(each)));
      expect(await countJobs(ledger.redis)).toEqual({ queued: 0, running: 0 });
      const answers = [];
      for (let n = 0; n <= PLACES; n += 1) answers.push((await accept(true)).outcome);
      expect(answers).toEqual([...Array.from({ length: PLACES }, () => 'accepted'), 'refused']);
    }),
    { numRuns: 100 },
  );
});

test('there are never more claims than places, whatever happens at once', async () => {
  const limits = new Limits(ledger.redis, DEFAULTS);
  await fc.assert(
    fc.asyncProperty(
      fc.array(life, { minLength: 6, maxLength: 12 }),
      fc.array(fc.nat(PLACES), { maxLength: 4 }),
      async (lives, changes) => {
        await ledger.redis.flushall();
        await limits.change({ maxConcurrentRuns: PLACES });
        const seen: number[] = [];
        const look = async () => void seen.push((await countJobs(ledger.redis)).running);
        const change = (maxConcurrentRuns: number) => limits.change({ maxConcurrentRuns });
        await Promise.all([...lives.map((each) => live(each, look)), ...changes.map(change)]);
        expect(Math.max(...seen)).toBeLessThanOrEqual(PLACES);
      },
    ),
    { numRuns: 50 },
  );
});
