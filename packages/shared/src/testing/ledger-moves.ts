import { expect } from 'vitest';
import { jobError } from '../job-error.ts';
import { ATTEMPT_STEPS } from '../job-state.ts';
import { keys } from '../keys.ts';
import { type Claim, FencedError } from '../ledger/claim.ts';
import { Lines } from '../ledger/lines.ts';
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
import { jobResult } from './use-ledger.ts';

const CHUNK = [{ stream: 'stdout', data: Buffer.from('x') }] as const;
const HOUR_MS = 3_600_000;

type Move = (game: Game, model: Model) => Promise<void>;

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

/** How often a move is made, where not as often as most: what brings a job on, more often. */
const WEIGHTS: Readonly<Record<string, number>> = {
  claim: 5,
  advance: 5,
  adopt: 3,
  endLease: 2,
  expireLease: 3,
  makeDue: 3,
};

const MOVES: Record<string, Move> = {
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

  async endLease({ ledger }, model) {
    if (model.state !== 'running') return;
    await ledger.endLease(model.id);
    model.isLeaseOver = true;
  },

  async expireLease({ ledger, random }, model) {
    const { id, spec, state } = model;
    const observedMs = random.pick([9_999, 10_000, HOUR_MS]);
    const leaseUntil = random.pick([1, 1, 1, 2]);
    const outcome = await ledger.submissions.expireLease({ id, leaseUntil }, observedMs);
    if (state !== 'running') {
      expect(outcome).toBe('over');
      return;
    }
    if (!model.isLeaseOver || leaseUntil !== 1 || observedMs < 10_000) {
      expect(outcome).toBe('held');
      return;
    }
    const isCancelled = model.cancelReason !== '';
    if (mayHaveRun(model)) {
      const isAsked = spec.retry?.on.includes('worker.lost') && model.retries < 2;
      if (isAsked && !isCancelled) runAgain(model, 'UNKNOWN', false);
      else end(model, 'UNKNOWN');
    } else if (isCancelled) end(model, 'CANCELLED');
    else {
      model.losses += 1;
      if (model.losses === 3) end(model, 'UNKNOWN');
      else giveBack(model);
    }
    expect(outcome).toBe(model.state);
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

  async makeDue({ ledger }, model) {
    if (!model.isEarly) return;
    await ledger.makeDue(model.id);
    model.isEarly = false;
  },

  /** As whoever accepted or gave back a job does, or the sweeper. */
  async queue({ ledger }, model) {
    if (model.state !== 'queued') return;
    if (!model.isEarly) {
      await new Lines(ledger.redis).join(model.id);
      model.isInLine = true;
    }
    model.isOnQueue = true;
    await ledger.submissions.queued(model.id, model.conclusions.length);
  },

  /** What was queued before an attempt is said to be so only after it. */
  async queuedLate({ ledger, random }, model) {
    if (model.conclusions.length === 0) return;
    await ledger.submissions.queued(model.id, random.below(model.conclusions.length));
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

  async cancel({ ledger, random }, model) {
    if (random.below(6) > 0) return;
    const outcome = await ledger.submissions.cancel(model.id, 'enough');
    const expected = { queued: 'cancelled', running: 'requested', finished: 'finished' };
    expect(outcome).toBe(model.state === 'forgotten' ? 'missing' : expected[model.state]);
    if (model.state === 'queued' || model.state === 'running') model.cancelReason = 'enough';
    if (model.state === 'queued') end(model, 'CANCELLED');
  },

  async finishQueued({ ledger, random }, model) {
    if (random.below(6) > 0) return;
    const error = jobError('queue.timed_out');
    const ended = await ledger.submissions.finishQueued(model.id, 'TIMED_OUT', error);
    expect(ended).toBe(model.state === 'queued');
    if (ended) end(model, 'TIMED_OUT');
  },

  async remove({ ledger, random }, model) {
    if (random.below(4) > 0) return;
    const outcome = await ledger.submissions.remove(model.id);
    const expected = { forgotten: 'missing', finished: 'removed' };
    const isOver = model.state === 'finished' || model.state === 'forgotten';
    expect(outcome).toBe(isOver ? expected[model.state as 'finished'] : 'unfinished');
    if (isOver) model.state = 'forgotten';
  },
};

export const CHANCES = Object.entries(MOVES).flatMap(([name, move]) =>
  Array.from({ length: WEIGHTS[name] ?? 1 }, () => ({ name, move })),
);
