import { expect, test } from 'vitest';
import { jobError } from '../job-error.ts';
import { resultWithoutOutput } from '../job-result.ts';
import { keys } from '../keys.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { readJobTotals } from './job-totals.ts';

const ledger = useLedger();
const finish = async (...result: Parameters<typeof jobResult>) => {
  const claim = await ledger.claim(await ledger.submit());
  const whole = jobResult(...result);
  await ledger.worker('first').finish(claim, whole);
  // Sent again, it is the same end.
  await ledger.worker('first').finish(claim, whole);
};

test('each job counts once, by its conclusion, however it came to its end', async () => {
  await finish();
  await finish();
  await finish({ conclusion: 'FAILURE', exitCode: 1 });
  await ledger.submissions.cancel(await ledger.submit(), 'enough');
  await ledger.submissions.finishQueued(await ledger.submit(), jobError('queue.timed_out'));
  await ledger.loseWorker((await ledger.claimAt('started')).id);
  await ledger.submit();
  const { finished } = await readJobTotals(ledger.redis);
  expect(finished).toEqual({ SUCCESS: 2, FAILURE: 1, CANCELLED: 1, TIMED_OUT: 1, UNKNOWN: 1 });
});

test('durations are counted by how long they took, those that there were', async () => {
  const timings = { queueMs: 10, pullMs: null, createMs: 11, runMs: 90_000_000 };
  await finish({ timings });
  await finish({ timings });
  await finish(resultWithoutOutput('NOT_FOUND', null));
  const { durations } = await readJobTotals(ledger.redis);
  const counted = (part: keyof typeof durations) =>
    durations[part].buckets.filter(({ count }) => count > 0);
  expect(counted('queue')).toEqual([{ boundMs: 10, count: 2 }]);
  expect(counted('pull')).toEqual([]);
  expect(counted('create')).toEqual([{ boundMs: 50, count: 2 }]);
  expect(counted('run')).toEqual([{ boundMs: Infinity, count: 2 }]);
  expect(durations.run.sumMs).toBe(180_000_000);
});

test('a result that can not be read ends its job all the same', async () => {
  const { id, token } = await ledger.claim(await ledger.submit());
  await ledger.redis.hset(keys.job(id), 'spec', '{}');
  await ledger.worker('first').finish({ id, token } as never, 'no result' as never);
  expect(await ledger.redis.hget(keys.job(id), 'state')).toBe('finished');
});
