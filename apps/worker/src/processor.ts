import { randomUUID } from 'node:crypto';
import {
  type Attempts,
  type Claim,
  type ClaimOutcome,
  FencedError,
  jobError,
  resultWithoutOutput,
} from '@conjob/shared';
import { DelayedError, type Job, WaitingError } from 'bullmq';
import { containerName } from './container-spec.ts';
import { isEngineAway } from './engine/engine.ts';
import { type RunJobDependencies, runJob } from './run-job.ts';
import type { RunningJobs } from './running-jobs.ts';
import { StoppedError, type StopSignal } from './stop-reason.ts';

export interface ProcessorDependencies extends RunJobDependencies {
  readonly attempts: Attempts;
  readonly running: RunningJobs;
  /** A job was lost to somebody else: its container has to go, unless that is this worker's own. */
  readonly onFenced: () => void;
  /** A job was given back, since the engine does not answer: no more should be taken. */
  readonly onEngineAway: () => void;
}

/** Between two looks at a job that another worker holds, and after a failure of Redis. */
const MIN_RETRY_MS = 1_000;

/** Between two looks at a job that only a newer version reads. */
const NEWER_MS = 5_000;

/** So long a delivery may be ahead of its own record: the API sends both at once. */
const OVERTAKEN_MS = 10_000;

/**
 * BullMQ delivers, at least once; the ledger decides what a delivery means. A job that ended in any
 * way is *completed* for BullMQ, and forgotten there: its record is in the ledger. A job that could
 * not be recorded must be delivered again, or it would seem to run for ever.
 */
export function createProcessor(dependencies: ProcessorDependencies) {
  const { attempts, logger } = dependencies;
  return async (job: Job, bullToken?: string): Promise<void> => {
    const id = job.id ?? '';
    const putOff = async (milliseconds: number): Promise<never> => {
      await job.moveToDelayed(Date.now() + Math.max(milliseconds, MIN_RETRY_MS), bullToken);
      throw new DelayedError();
    };
    const outcome = await attempts.claim(id, randomUUID()).catch((error: unknown) => {
      logger.error({ err: error, job: id }, 'could not claim the job; it is tried again');
      return putOff(MIN_RETRY_MS);
    });
    if (outcome.kind === 'missing') {
      if (Date.now() - job.timestamp < OVERTAKEN_MS) await putOff(MIN_RETRY_MS);
      return;
    }
    if (outcome.kind === 'newer') return putOff(NEWER_MS);
    if ('retryAfterMs' in outcome) return putOff(outcome.retryAfterMs);
    if (!('claim' in outcome)) return;
    try {
      await handle(dependencies, outcome);
    } catch (error) {
      if (error instanceof StoppedError) {
        await job.moveToWait(bullToken);
        throw new WaitingError();
      }
      if (isEngineAway(error)) {
        logger.warn({ err: error, job: id }, 'the engine is away; the job goes back to the queue');
        dependencies.onEngineAway();
        return putOff(MIN_RETRY_MS);
      }
      if (error instanceof FencedError) {
        logger.warn({ job: id }, 'the job belongs to another attempt by now; nothing is recorded');
        dependencies.onFenced();
        return;
      }
      logger.error({ err: error, job: id }, 'could not record the job; it is looked at again');
      await putOff(MIN_RETRY_MS);
    }
  };
}

async function handle(
  dependencies: ProcessorDependencies,
  { kind, claim }: Extract<ClaimOutcome, { claim: Claim }>,
): Promise<void> {
  if (kind === 'incompatible') return endIncompatible(dependencies, claim);
  const run = (stop: StopSignal) => runJob(dependencies, claim, stop);
  const result = await dependencies.running.track(claim, run);
  dependencies.logger.info({ job: claim.id, ...logged(result) }, 'job finished');
}

function logged(result: Awaited<ReturnType<typeof runJob>>) {
  const { conclusion, exitCode, error, outputBytes, timings } = result;
  return { conclusion, exitCode, error: error?.code, outputBytes, ...timings };
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
  await attempts.finish(claim, resultWithoutOutput('UNKNOWN', jobError('job.incompatible')));
}
