import { expect } from 'vitest';
import { ATTEMPT_STEPS } from '../job-state.ts';
import { keys } from '../keys.ts';
import { type Claim, FencedError } from '../ledger/claim.ts';
import type { Game } from './ledger-game.ts';
import {
  end,
  giveBack,
  holds,
  type Model,
  mayHaveRun,
  PHASES,
  runAgain,
  WORKERS,
} from './ledger-model.ts';
import type { Move } from './ledger-moves.ts';
import { jobResult } from './use-ledger.ts';

const CHUNK = [{ stream: 'stdout', data: Buffer.from('x') }] as const;
const HOUR_MS = 3_600_000;

/** A claim to write with: the latest, or one of old. */
function someClaim({ random }: Game, { claims }: Model): Claim | undefined {
  return random.below(4) > 0 ? claims.at(-1) : random.pick(claims);
}

/** A write that is to succeed exactly when the claim holds the job; `then` says what it changes. */
async function writeWith<Answer>(
  game: Game,
  model: Model,
  write: (claim: Claim) => Promise<Answer>,
  then: (answer: Answer) => void,
): Promise<void> {
  const claim = someClaim(game, model);
  if (claim === undefined) return;
  if (holds(claim, model)) then(await write(claim));
  else await expect(write(claim)).rejects.toThrow(FencedError);
}

/** What workers do with a job. */
export const WORKER_MOVES: Record<string, Move> = {
  async claim({ ledger, random }, model) {
    const worker = random.pick(WORKERS);
    const token = ledger.newToken();
    const outcome = await ledger.worker(worker).claim(model.id, token);
    const others = { finished: 'over', forgotten: 'missing', running: 'leased', queued: 'early' };
    if (model.state !== 'queued' || model.isEarly) {
      expect(outcome.kind).toBe(others[model.state]);
      return;
    }
    model.conclusions.push(null);
    Object.assign(model, { state: 'running', step: 'claimed', worker, token });
    Object.assign(model, { isLeaseOver: false, isOnQueue: false });
    const { retries } = model;
    const claim = { attempt: model.conclusions.length, cancelReason: '', retries };
    expect(outcome).toMatchObject({ kind: 'claimed', claim });
    if ('claim' in outcome) model.claims.push(outcome.claim);
  },

  async claimAgain({ ledger }, model) {
    if (model.state !== 'running') return;
    const outcome = await ledger.worker(model.worker).claim(model.id, model.token);
    const claim = { attempt: model.conclusions.length, cancelReason: model.cancelReason };
    expect(outcome).toMatchObject({ kind: 'claimed', claim });
  },

  advance(game, model) {
    const next = ATTEMPT_STEPS[ATTEMPT_STEPS.indexOf(model.step || 'claimed') + 1] ?? 'exited';
    return writeWith(
      game,
      model,
      (claim) => game.ledger.worker('any').advance(claim, next, PHASES[next]),
      (reason) => {
        if (next === 'started') model.starts += 1;
        model.step = next;
        expect(reason).toBe(model.cancelReason);
      },
    );
  },

  renew(game, model) {
    return writeWith(
      game,
      model,
      (claim) => game.ledger.worker('any').renew(claim),
      (reason) => {
        model.isLeaseOver = false;
        expect(reason).toBe(model.cancelReason);
      },
    );
  },

  append(game, model) {
    return writeWith(
      game,
      model,
      (claim) => game.ledger.worker('any').appendOutput(claim, CHUNK),
      () => {
        model.chunks += 1;
      },
    );
  },

  async release(game, model) {
    const release = (claim: Claim) => game.ledger.worker('any').release(claim);
    const claim = model.claims.at(-1);
    if (claim !== undefined && holds(claim, model) && mayHaveRun(model)) {
      await expect(release(claim)).rejects.toThrow(FencedError);
      return;
    }
    await writeWith(game, model, release, () => {
      if (model.cancelReason === '') giveBack(model);
      else end(model, 'CANCELLED');
    });
  },

  async retry(game, model) {
    if (model.retries === 2) return;
    const failure = jobResult({ conclusion: 'FAILURE', exitCode: 1 });
    const delayMs = game.random.pick([0, HOUR_MS]);
    await writeWith(
      game,
      model,
      (claim) => game.ledger.worker('any').retry(claim, failure, delayMs),
      (outcome) => {
        if (model.cancelReason === '') runAgain(model, 'FAILURE', delayMs > 0);
        else end(model, 'CANCELLED', 'FAILURE');
        expect(outcome).toBe(model.state);
      },
    );
  },

  async finish(game, model) {
    if (game.random.below(4) > 0) return;
    // Each result another one: the same once more would be the same call, sent again.
    const result = jobResult({ outputBytes: game.random.below(1_000_000_000) });
    await writeWith(
      game,
      model,
      (claim) => game.ledger.worker('any').finish(claim, result),
      () => end(model, 'SUCCESS'),
    );
  },

  async adopt({ ledger, random }, model) {
    const worker = random.pick(WORKERS);
    const madeBy = random.pick([model.worker || 'nobody', model.worker || 'nobody', 'second']);
    const attempt = Math.max(1, model.conclusions.length - random.pick([0, 0, 0, 1]));
    const token = ledger.newToken();
    const isNameTaken = random.below(2) === 0;
    if (isNameTaken) await ledger.redis.set(keys.workerName(madeBy), 'somebody');
    const adopted = await ledger.worker(worker).adopt(model.id, attempt, token, madeBy);
    await ledger.redis.del(keys.workerName(madeBy));
    const isIts = madeBy === model.worker && attempt === model.conclusions.length;
    const isFree = worker === madeBy || !isNameTaken;
    const isOpen = model.state === 'running' && mayHaveRun(model);
    expect(adopted !== null).toBe(isOpen && isIts && isFree);
    if (adopted === null) return;
    Object.assign(model, { token, worker, isLeaseOver: false });
    model.claims.push(adopted);
  },
};
