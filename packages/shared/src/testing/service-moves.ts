import { expect } from 'vitest';
import { jobError } from '../job-error.ts';
import { Lines } from '../ledger/lines.ts';
import { end, giveBack, mayHaveRun, runAgain } from './ledger-model.ts';
import type { Move } from './ledger-moves.ts';

const HOUR_MS = 3_600_000;

/** What callers do with a job, the API for it, and time. */
export const SERVICE_MOVES: Record<string, Move> = {
  async endLease({ ledger }, model) {
    if (model.state !== 'running') return;
    await ledger.endLease(model.id);
    model.isLeaseOver = true;
  },

  async expireLease({ ledger, random }, model) {
    const { id, spec, state } = model;
    const observedMs = random.pick([9_999, 10_000, HOUR_MS]);
    const leaseUntil = random.pick([1, 1, 1, 2]);
    const outcome = await ledger.leases.expire({ id, leaseUntil }, observedMs);
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
    const ended = await ledger.submissions.finishQueued(model.id, error);
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
