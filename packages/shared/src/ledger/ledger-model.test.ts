import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { jobError } from '../job-error.ts';
import {
  ATTEMPT_STEPS,
  type AttemptStep,
  type JobPhase,
  type JobState,
  NEXT_STATES,
} from '../job-state.ts';
import { keys } from '../keys.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { type Random, SEEDS, seededRandom } from '../testing/random.ts';
import { jobResult, useLedger } from '../testing/use-ledger.ts';
import { type Claim, FencedError } from './attempts.ts';
import { Submissions } from './submissions.ts';

const ledger = useLedger();
const WORKERS = ['first', 'second', 'third'] as const;
const PHASES: Record<AttemptStep, JobPhase> = {
  claimed: 'pulling',
  created: 'creating',
  started: 'running',
  exited: 'collecting',
};
const CHUNK = [{ stream: 'stdout', data: Buffer.from('x') }] as const;

/** What the ledger should know of a job, as simple as can be. */
interface Model {
  state: JobState | 'forgotten';
  step: AttemptStep | '';
  attempt: number;
  worker: string;
  /** The only token with which the job can be changed. */
  token: string;
  leased: boolean;
  cancelReason: string;
  chunks: number;
}

interface Game {
  readonly id: string;
  readonly model: Model;
  readonly random: Random;
  /** Every claim that there ever was, most of them void. */
  readonly claims: Claim[];
}

const mayHaveRun = ({ step }: Model) => step === 'started' || step === 'exited';
const holds = ({ token }: Claim, { state, token: valid }: Model) =>
  state === 'running' && token === valid;

async function expectWrite(game: Game, claim: Claim, write: () => Promise<unknown>) {
  if (holds(claim, game.model)) return write();
  await expect(write()).rejects.toThrow(FencedError);
  return undefined;
}

/** A claim to write with: the latest, or one of old. */
function someClaim({ claims, random }: Game): Claim | undefined {
  return random.below(3) > 0 ? claims.at(-1) : random.pick(claims);
}

const MOVES: Record<string, (game: Game) => Promise<void>> = {
  async claim({ id, model, random, claims }) {
    const worker = random.pick(WORKERS);
    const token = ledger.newToken();
    const outcome = await ledger.worker(worker).claim(id, token);
    if (model.state === 'finished' || model.state === 'forgotten') {
      expect(outcome.kind).toBe(model.state === 'finished' ? 'over' : 'missing');
      return;
    }
    if (model.state === 'running' && model.leased) {
      expect(outcome.kind).toBe('leased');
      return;
    }
    const isLost = model.state === 'running' && mayHaveRun(model);
    if (!isLost) Object.assign(model, { attempt: model.attempt + 1, step: 'claimed', worker });
    Object.assign(model, { state: 'running', token, leased: true });
    const { attempt, cancelReason } = model;
    expect(outcome).toMatchObject({
      kind: isLost ? 'lost' : 'claimed',
      claim: { attempt, cancelReason },
    });
    if ('claim' in outcome) claims.push(outcome.claim);
  },

  async endLease({ id, model }) {
    if (model.state !== 'running') return;
    await ledger.endLease(id);
    model.leased = false;
  },

  async advance(game) {
    const { model } = game;
    const claim = someClaim(game);
    if (claim === undefined) return;
    const next = ATTEMPT_STEPS[ATTEMPT_STEPS.indexOf(model.step || 'claimed') + 1] ?? 'exited';
    const reason = await expectWrite(game, claim, () =>
      ledger.worker('any').advance(claim, next, PHASES[next]),
    );
    if (!holds(claim, model)) return;
    model.step = next;
    expect(reason).toBe(model.cancelReason);
  },

  async renew(game) {
    const { model } = game;
    const claim = someClaim(game);
    if (claim === undefined) return;
    const reason = await expectWrite(game, claim, () => ledger.worker('any').renew(claim));
    if (!holds(claim, model)) return;
    model.leased = true;
    expect(reason).toBe(model.cancelReason);
  },

  async append(game) {
    const claim = someClaim(game);
    if (claim === undefined) return;
    await expectWrite(game, claim, () => ledger.worker('any').appendOutput(claim, CHUNK));
    if (holds(claim, game.model)) game.model.chunks += 1;
  },

  async release(game) {
    const { model } = game;
    const claim = someClaim(game);
    if (claim === undefined) return;
    if (holds(claim, model) && mayHaveRun(model)) {
      await expect(ledger.worker('any').release(claim)).rejects.toThrow(FencedError);
      return;
    }
    await expectWrite(game, claim, () => ledger.worker('any').release(claim));
    if (holds(claim, model)) Object.assign(model, { state: 'queued', step: '', token: '' });
  },

  async finish(game) {
    const claim = someClaim(game);
    if (claim === undefined || game.random.below(4) > 0) return;
    const result = jobResult({ exitCode: game.random.below(256), outputBytes: game.claims.length });
    await expectWrite(game, claim, () => ledger.worker('any').finish(claim, result));
    if (holds(claim, game.model)) game.model.state = 'finished';
  },

  async adopt({ id, model, random, claims }) {
    const worker = random.pick(WORKERS);
    const attempt = Math.max(1, model.attempt - random.below(2));
    const token = ledger.newToken();
    const adopted = await ledger.worker(worker).adopt(id, attempt, token);
    const isOwn = worker === model.worker && attempt === model.attempt;
    expect(adopted !== null).toBe(model.state === 'running' && isOwn && mayHaveRun(model));
    if (adopted === null) return;
    Object.assign(model, { token, leased: true });
    claims.push(adopted);
  },

  async cancel({ id, model, random }) {
    if (random.below(4) > 0) return;
    const outcome = await ledger.submissions.cancel(id, 'requested');
    const expected = {
      queued: 'cancelled',
      running: 'requested',
      finished: 'finished',
      forgotten: 'missing',
    };
    expect(outcome).toBe(expected[model.state]);
    if (model.state === 'queued') model.state = 'finished';
    else if (model.state === 'running') model.cancelReason = 'requested';
  },

  async finishQueued({ id, model, random }) {
    if (random.below(4) > 0) return;
    const error = jobError('queue.timed_out');
    const ended = await ledger.submissions.finishQueued(id, 'TIMED_OUT', error);
    expect(ended).toBe(model.state === 'queued');
    if (ended) model.state = 'finished';
  },

  async remove({ id, model, random }) {
    if (random.below(4) > 0) return;
    const outcome = await ledger.submissions.remove(id);
    const isMissing = model.state === 'forgotten';
    const isRemoved = model.state === 'finished';
    expect(outcome).toBe(isMissing ? 'missing' : isRemoved ? 'removed' : 'unfinished');
    if (isRemoved) model.state = 'forgotten';
  },
};

async function expectAsModelled({ id, model }: Game): Promise<void> {
  const record = await ledger.submissions.find(id);
  expect(record?.state ?? 'forgotten').toBe(model.state);
  expect(await ledger.submissions.position(id)).toBe(model.state === 'queued' ? 0 : null);
  if (record === null) return;
  expect(record.attempts).toHaveLength(model.attempt);
  expect(record.result !== null).toBe(model.state === 'finished');
  let chunks = 0;
  for (let n = 1; n <= model.attempt; n += 1) chunks += await ledger.redis.xlen(keys.output(id, n));
  expect(chunks).toBe(model.chunks);
}

describe('the ledger', () => {
  test.each(SEEDS)('does what a simple model of it does (seed %i)', async (seed) => {
    const random = seededRandom(seed);
    const model: Model = {
      state: 'queued',
      step: '',
      attempt: 0,
      worker: '',
      token: '',
      leased: false,
      cancelReason: '',
      chunks: 0,
    };
    const game: Game = { id: await ledger.submit(), model, random, claims: [] };
    let terminal: unknown;
    for (let turn = 0; turn < 60; turn += 1) {
      const before = model.state;
      const [name, move] = random.pick(Object.entries(MOVES));
      await move(game);
      await expectAsModelled(game);
      const next = before === 'forgotten' ? [] : NEXT_STATES[before];
      const isAllowed = model.state === before || [...next, 'forgotten'].includes(model.state);
      expect(isAllowed, `${name}: ${before} → ${model.state}`).toBe(true);
      if (model.state !== 'finished') continue;
      terminal ??= await ledger.redis.hgetall(keys.job(game.id));
      expect(await ledger.redis.hgetall(keys.job(game.id))).toEqual(terminal);
    }
  });

  test.each(SEEDS.slice(0, 10))(
    'lets no three workers start a job twice, or end it twice, in any order (seed %i)',
    async (seed) => {
      const id = await ledger.submit();
      const tally = { starts: 0, ends: 0, claimsAfterStart: 0 };
      const results: string[] = [];
      const play = async (worker: string, random: Random): Promise<void> => {
        const redis = connectPatient(ledger.url);
        const attempts = ledger.worker(worker, redis);
        const submissions = new Submissions(redis);
        let claim: Claim | undefined;
        let nextStep = 1;
        const moves = [
          async () => {
            const startsBefore = tally.starts;
            const outcome = await attempts.claim(id, ledger.newToken());
            if (!('claim' in outcome)) return;
            claim = outcome.claim;
            nextStep = outcome.kind === 'lost' ? ATTEMPT_STEPS.length : 1;
            if (outcome.kind === 'claimed' && startsBefore > 0) tally.claimsAfterStart += 1;
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
            tally.ends += 1;
            results.push(JSON.stringify(result));
          },
          async () => {
            if (random.below(2) > 0) return;
            const record = await submissions.find(id);
            if (record?.state === 'running') await ledger.endLease(id);
          },
          async () => {
            const adopted = await attempts.adopt(id, 1 + random.below(4), ledger.newToken());
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
      };
      await Promise.all(WORKERS.map((worker, n) => play(worker, seededRandom(seed * 10 + n))));
      expect(tally.starts).toBeLessThanOrEqual(1);
      expect(tally.claimsAfterStart).toBe(0);
      expect(tally.ends).toBeLessThanOrEqual(1);
      const { result } = await ledger.find(id);
      expect(result === null ? [] : [JSON.stringify(result)]).toEqual(results);
      const states = await ledger.announced(id);
      expect(states.filter((state) => state === 'finished')).toHaveLength(tally.ends);
    },
  );
});
