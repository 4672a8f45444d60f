import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { JobSpec } from '../job-spec.ts';
import { ATTEMPT_STEPS } from '../job-state.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { PHASES, WORKERS } from '../testing/ledger-model.ts';
import { type Random, SEEDS, seededRandom } from '../testing/random.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { type Claim, FencedError } from './claim.ts';

const ledger = useLedger();

/** What the three of them believe to have done. */
interface Tally {
  starts: number;
  readonly results: string[];
}

/** One process, with a connection of its own, that does whatever comes to its mind. */
async function play(id: string, worker: string, random: Random, tally: Tally): Promise<void> {
  const redis = connectPatient(ledger.url);
  const attempts = ledger.worker(worker, redis);
  let claim: Claim | undefined;
  let nextStep = 1;
  const moves = [
    async () => {
      const outcome = await attempts.claim(id, ledger.newToken());
      if (!('claim' in outcome)) return;
      claim = outcome.claim;
      nextStep = 1;
    },
    async () => {
      const step = ATTEMPT_STEPS[nextStep];
      if (claim === undefined || step === undefined) return;
      await attempts.advance(claim, step, PHASES[step]);
      nextStep += 1;
      if (step === 'started') tally.starts += 1;
    },
    async () => {
      if (claim !== undefined) await attempts.release(claim);
    },
    async () => {
      if (claim === undefined || random.below(8) > 0) return;
      const result = jobResult({ outputBytes: random.below(1_000_000) });
      await attempts.finish(claim, result);
      tally.results.push(JSON.stringify(result));
    },
    async () => {
      if (claim?.spec.retry === undefined || claim.retries > 5) return;
      await attempts.retry(claim, jobResult({ conclusion: 'FAILURE', exitCode: 1 }), 0);
    },
    async () => {
      if (random.below(3) > 0) return;
      const isLost = (await ledger.loseWorker(id)) === 'finished';
      const { result } = await ledger.find(id);
      if (isLost) tally.results.push(JSON.stringify(result));
    },
    async () => {
      const adopted = await attempts.adopt(
        id,
        1 + random.below(6),
        ledger.newToken(),
        random.pick(WORKERS),
      );
      if (adopted === null) return;
      claim = adopted;
      nextStep = ATTEMPT_STEPS.length;
    },
  ];
  for (let turn = 0; turn < 80; turn += 1) {
    await random
      .pick(moves)()
      .catch((error: unknown) => {
        if (!(error instanceof FencedError)) throw error;
      });
    if (random.below(3) === 0) await setImmediate();
  }
  await disconnect(redis);
}

async function playAll(seed: number, fields: Partial<JobSpec>) {
  const id = await ledger.submit(fields);
  const tally: Tally = { starts: 0, results: [] };
  await Promise.all(
    WORKERS.map((worker, n) => play(id, worker, seededRandom(seed * 10 + n), tally)),
  );
  const record = await ledger.find(id);
  expect(tally.results).toEqual(record.result === null ? [] : [JSON.stringify(record.result)]);
  const states = await ledger.announced(id);
  expect(states.filter((state) => state === 'finished')).toHaveLength(tally.results.length);
  return { ...tally, retries: record.retries };
}

test.each(SEEDS.slice(0, 10))(
  'three workers start a job at most once, and end it at most once, in any order (seed %i)',
  async (seed) => {
    expect((await playAll(seed, {})).starts).toBeLessThanOrEqual(1);
  },
);

test.each(SEEDS.slice(0, 10))(
  'three workers start a job that is run again once more for each time that it is (seed %i)',
  async (seed) => {
    const retry = { maxAttempts: 100, on: ['worker.lost', 'exit:1'], backoffSeconds: 0 };
    const { starts, retries } = await playAll(seed, { retry });
    expect(starts).toBeLessThanOrEqual(retries + 1);
  },
);
