import type { Conclusion } from '../conclusion.ts';
import type { JobSpec } from '../job-spec.ts';
import type { AttemptStep, JobPhase, JobState } from '../job-state.ts';
import type { Claim } from '../ledger/claim.ts';

export const WORKERS = ['first', 'second', 'third'] as const;
export const PHASES: Record<AttemptStep, JobPhase> = {
  claimed: 'pulling',
  created: 'creating',
  started: 'running',
  exited: 'collecting',
};

/** What the ledger should know of a job, as simple as can be. */
export interface Model {
  readonly id: string;
  readonly spec: JobSpec;
  readonly group: string;
  state: JobState | 'forgotten';
  step: AttemptStep | '';
  worker: string;
  /** The only token with which the job can be changed. */
  token: string;
  isLeaseOver: boolean;
  cancelReason: string;
  retries: number;
  losses: number;
  /** Between two attempts, and too early for the next. */
  isEarly: boolean;
  /** Of each attempt, what came of it; null for none. */
  readonly conclusions: (Conclusion | null)[];
  conclusion: Conclusion | null;
  /** How many attempts came to their start. */
  starts: number;
  chunks: number;
  /** It can be taken: all that wait can, but for those that are due and have not been put into their line. */
  isInLine: boolean;
  /** The queue has a delivery of it. */
  isOnQueue: boolean;
  /** Every claim that there ever was, most of them void. */
  readonly claims: Claim[];
  /** Its hash, once it has finished. */
  terminal?: Record<string, string>;
}

export const mayHaveRun = ({ step }: Model) => step === 'started' || step === 'exited';
export const holds = ({ token }: Claim, { state, token: valid }: Model) =>
  state === 'running' && token === valid;

export function end(model: Model, conclusion: Conclusion, ofAttempt = conclusion): void {
  if (model.state === 'running') model.conclusions[model.conclusions.length - 1] = ofAttempt;
  Object.assign(model, { state: 'finished', conclusion, isEarly: false });
}

export function giveBack(model: Model, changes: Partial<Model> = {}): void {
  Object.assign(model, {
    state: 'queued',
    step: '',
    token: '',
    isOnQueue: false,
    isInLine: true,
    ...changes,
  });
}

export function runAgain(model: Model, ofAttempt: Conclusion, isEarly: boolean): void {
  model.conclusions[model.conclusions.length - 1] = ofAttempt;
  giveBack(model, { retries: model.retries + 1, isEarly, isInLine: !isEarly });
}
