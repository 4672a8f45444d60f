import { randomUUID } from 'node:crypto';
import {
  type Attempts,
  type Claim,
  type ClaimOutcome,
  FencedError,
  jobError,
  resultOfError,
} from '@conjob/shared';
import { containerName } from './container-spec.ts';
import { isEngineAway } from './engine/engine.ts';
import type { Delivery, Disposition } from './intake/delivery.ts';
import { type AttemptResult, type RunJobDependencies, runJob } from './run-job.ts';
import type { RunningJobs } from './running-jobs.ts';
import { HandedOverError, StoppedError, type StopSignal } from './stop-reason.ts';

export interface ProcessorDependencies extends RunJobDependencies {
  readonly attempts: Attempts;
  readonly running: RunningJobs;
  /** A job was given back, or has ended, since the engine does not answer: no more should be taken. */
  readonly onEngineAway: () => void;
  /** A job has ended since the disk of the engine is full. */
  readonly onEngineFull: () => void;
}

/** Between two looks at a job, at least. */
const MIN_RETRY_MS = 1_000;
/** At most at one that another worker holds: that may give it back long before its lease ends. */
const LEASED_MS = 5_000;
/** Between two looks at a job that only a newer version reads. */
const NEWER_MS = 5_000;
/** A ticket comes once the ledger has its job. One of a job that it does not know, removed or lost with Redis' last writes, goes after so many looks. */
const MAX_LOOKS = 10;
/** Of so many jobs it is remembered that they were complained of. */
const MAX_REMEMBERED = 1_000;

const later = (milliseconds: number): Disposition => ({
  laterMs: Math.max(milliseconds, MIN_RETRY_MS),
});

/**
 * The queue delivers tickets, each at least once; the ledger decides which job a delivery means. A job that ended in any
 * way is done for the queue, and forgotten there: its record is in the ledger. A job that could not be
 * recorded must be delivered again, or it would seem to run for ever.
 */
export function createProcessor(dependencies: ProcessorDependencies) {
  const { attempts, logger } = dependencies;
  const sayNewer = onceEach((job) =>
    logger.warn({ job }, 'a newer version of ConJob wrote this job; it waits for a worker of that'),
  );
  return async ({ queue, ticket, count, answered }: Delivery): Promise<Disposition> => {
    const askedAt = performance.now();
    const outcome = await attempts.take(ticket, queue, randomUUID()).catch((error: unknown) => {
      logger.error({ err: error, ticket }, 'could not claim a job; it is tried again');
      return null;
    });
    if (outcome === null) return later(MIN_RETRY_MS);
    answered(outcome.kind);
    switch (outcome.kind) {
      case 'missing':
        return count < MAX_LOOKS ? later(MIN_RETRY_MS) : 'done';
      case 'over':
        return 'done';
      case 'held-back':
        return 'back';
      case 'newer':
        sayNewer(outcome.id);
        return later(NEWER_MS);
      case 'early':
        return later(outcome.retryAfterMs);
      case 'leased':
        return later(Math.min(outcome.retryAfterMs, LEASED_MS));
      case 'claimed':
      case 'incompatible':
        return handle(dependencies, outcome, askedAt).catch((error: unknown) =>
          afterFailure(dependencies, outcome.claim.id, error),
        );
      default:
        return outcome satisfies never;
    }
  };
}

async function handle(
  dependencies: ProcessorDependencies,
  { kind, claim }: Extract<ClaimOutcome, { claim: Claim }>,
  askedAt: number,
): Promise<Disposition> {
  if (kind === 'incompatible') {
    await endIncompatible(dependencies, claim);
    return 'done';
  }
  const run = (stop: StopSignal) => runJob(dependencies, claim, stop);
  const result = await dependencies.running.track(claim, askedAt, run);
  dependencies.logger.info({ job: claim.id, ...logged(result) }, 'job finished');
  if (result.error?.code === 'engine.no_space') dependencies.onEngineFull();
  if (result.error?.code === 'engine.unavailable') dependencies.onEngineAway();
  // It has its turn behind those that wait already. One that is due later is put on the queue then.
  return result.nextInMs === 0 ? { laterMs: 0 } : 'done';
}

/** What becomes of a delivery whose job could not be brought to its end here. */
function afterFailure(
  { attempts, logger, onEngineAway }: ProcessorDependencies,
  job: string,
  error: unknown,
): Disposition {
  if (error instanceof StoppedError) return 'back';
  if (error instanceof HandedOverError) {
    logger.info({ job }, 'left a running job to the next process of this worker');
    return later(attempts.leaseMs);
  }
  if (isEngineAway(error)) {
    logger.warn({ err: error, job }, 'the engine is away; the job goes back to the queue');
    onEngineAway();
    return later(MIN_RETRY_MS);
  }
  if (error instanceof FencedError) {
    logger.warn({ job }, 'the job belongs to another attempt by now; nothing is recorded');
    return 'done';
  }
  logger.error({ err: error, job }, 'could not record the job; it is looked at again');
  return later(MIN_RETRY_MS);
}

function logged(result: AttemptResult) {
  const { conclusion, exitCode, error, outputBytes, nextInMs, timings } = result;
  return {
    conclusion,
    exitCode,
    error: error?.code,
    outputBytes,
    ...(nextInMs === null ? {} : { nextInMs }),
    ...timings,
  };
}

/** Calls `say` only once for each job. */
function onceEach(say: (job: string) => void): (job: string) => void {
  const said = new Set<string>();
  return (job) => {
    if (said.has(job)) return;
    if (said.size >= MAX_REMEMBERED) said.clear();
    said.add(job);
    say(job);
  };
}

/** Ends a job that this version does not read any more, and makes sure that nothing of it runs on this host. */
async function endIncompatible(
  { engine, attempts, logger }: ProcessorDependencies,
  claim: Claim,
): Promise<void> {
  logger.warn({ job: claim.id }, 'ended as job.incompatible');
  await engine.remove(containerName(claim)).catch((error: unknown) => {
    logger.warn({ err: error, job: claim.id }, 'could not remove the container');
  });
  await attempts.finish(claim, resultOfError(jobError('job.incompatible')));
}
