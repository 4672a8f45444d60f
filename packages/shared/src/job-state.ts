/**
 * The life of a job, as its caller sees it:
 *
 *        ┌──── given back before its start, or run again ─────┐
 *        ▼                                                    │
 *     queued ──► running (pulling → creating → running → collecting) ──► finished
 *        └────────────── cancelled, or too long in the queue ───────────────┘
 *
 * `finished` is terminal: its record never changes again. Whoever adopts a running job leaves it running.
 */
export const JOB_STATES = ['queued', 'running', 'finished'] as const;
export type JobState = (typeof JOB_STATES)[number];

export const NEXT_STATES: Record<JobState, readonly JobState[]> = {
  queued: ['running', 'finished'],
  // Queued again: its worker shut down, or was lost, before it started the container; or its attempt is
  // over, but the job asked for another one in such a case.
  running: ['queued', 'finished'],
  finished: [],
};

export const JOB_PHASES = ['pulling', 'creating', 'running', 'collecting'] as const;
/** What a running job is doing. */
export type JobPhase = (typeof JOB_PHASES)[number];

/**
 * How far an attempt has come, in the ledger. From `started` on the container may have run, so the
 * job is never started again unless its caller asked for that. `started` is written *before* the engine
 * is asked to start: a worker that lost its claim meanwhile is refused there, and starts nothing.
 */
export const ATTEMPT_STEPS = ['claimed', 'created', 'started', 'exited'] as const;
export type AttemptStep = (typeof ATTEMPT_STEPS)[number];
