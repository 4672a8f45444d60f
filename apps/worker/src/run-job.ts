import {
  type AdoptedClaim,
  type Attempts,
  type Claim,
  FencedError,
  type JobResult,
  type Logger,
} from '@conjob/shared';
import { Attempt } from './attempt.ts';
import type { Background } from './background.ts';
import type { Outcome } from './conclusion.ts';
import { type ContainerDefaults, containerName } from './container-spec.ts';
import { type ContainerId, type Engine, isEngineAway } from './engine/engine.ts';
import { OutputRecorder } from './output/output-recorder.ts';
import { removeContainer } from './remove-container.ts';
import { StoppedError, type StopSignal } from './stop-reason.ts';

export interface RunJobDependencies {
  readonly engine: Engine;
  readonly attempts: Attempts;
  readonly defaults: ContainerDefaults;
  readonly logger: Logger;
  /** Takes what has to be cleared away after a job, when its caller has the result already. */
  readonly background: Pick<Background, 'add'>;
}

/**
 * The story of one attempt: image → container → start → output and exit → record → removal. Returns
 * what was recorded; throws {@link FencedError} when the job belongs to somebody else by now,
 * {@link StoppedError}, or that the engine is away, when it was given back to the queue, and whatever
 * Redis throws when the end can't be recorded. Only a container that ended, of a job that wants it kept, stays behind, and one of
 * a job that belongs to somebody else by now.
 */
export async function runJob(
  dependencies: RunJobDependencies,
  claim: Claim,
  stop: StopSignal,
): Promise<JobResult> {
  return toItsEnd(dependencies, claim, stop, (attempt) => attempt.run());
}

/** The same from where an earlier process of this worker left off, with its container. */
export async function adoptJob(
  dependencies: RunJobDependencies,
  claim: AdoptedClaim,
  container: ContainerId,
  stop: StopSignal,
): Promise<JobResult> {
  return toItsEnd(dependencies, claim, stop, (attempt) => attempt.goOn(container, claim.ranMs));
}

async function toItsEnd(
  dependencies: RunJobDependencies,
  claim: Claim | AdoptedClaim,
  stop: StopSignal,
  run: (attempt: Attempt) => Promise<Outcome>,
): Promise<JobResult> {
  const { engine, attempts, defaults, logger, background } = dependencies;
  const recorder = new OutputRecorder(
    (chunks) => attempts.appendOutput(claim, chunks),
    defaults.maxOutputBytes,
    'recordedBytes' in claim ? claim.recordedBytes : undefined,
  );
  const attempt = new Attempt(dependencies, claim, stop, recorder);
  let isLeft = false;
  try {
    const outcome = await run(attempt);
    const result = {
      ...outcome,
      outputBytes: recorder.totalBytes,
      outputTruncated: recorder.truncated,
      timings: attempt.timings,
    };
    await attempts.finish(claim, result);
    isLeft = attempt.exited && !claim.spec.remove;
    return result;
  } catch (error) {
    if (error instanceof StoppedError || isEngineAway(error)) await attempts.release(claim);
    // Whose container it is now, only the sweep can tell.
    isLeft = error instanceof FencedError;
    throw error;
  } finally {
    if (!isLeft) await background.add(() => removeTraces(engine, claim, logger));
  }
}

async function removeTraces(engine: Engine, claim: Claim, logger: Logger): Promise<void> {
  try {
    await removeContainer(engine, claim.spec, containerName(claim));
  } catch (error) {
    // The sweep tries again.
    logger.warn({ err: error, job: claim.id }, 'could not remove the container');
  }
}
