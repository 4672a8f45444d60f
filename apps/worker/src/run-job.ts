import {
  type AdoptedClaim,
  type Attempts,
  type Claim,
  FencedError,
  type ImagePolicy,
  type JobResult,
  type JobSpec,
  type Logger,
  retryDelayMs,
  type Sandbox,
} from '@conjob/shared';
import { Attempt } from './attempt.ts';
import type { Background } from './background.ts';
import { storeToTheEnd } from './collect.ts';
import type { Outcome } from './conclusion.ts';
import { type ContainerDefaults, containerName } from './container-spec.ts';
import type { CrashPoints } from './crash-points.ts';
import { type ContainerId, type Engine, isEngineAway } from './engine/engine.ts';
import type { ImageHolds } from './image-holds.ts';
import type { NetworkSource } from './networks/held-networks.ts';
import type { ObtainedImage } from './obtain-image.ts';
import { attemptOutput } from './output/attempt-output.ts';
import type { OutputRecorder } from './output/output-recorder.ts';
import type { NoteUses } from './reaper/note-uses.ts';
import { removeContainer } from './remove-container.ts';
import { AttemptSecret } from './secrets/attempt-secret.ts';
import type { SecretHolder } from './secrets/secret-holder.ts';
import type { SecretReader } from './secrets/secret-reader.ts';
import { HandedOverError, StoppedError, type StopSignal } from './stop-reason.ts';

export interface RunJobDependencies {
  readonly engine: Engine;
  readonly networks: NetworkSource;
  readonly attempts: Attempts;
  readonly defaults: ContainerDefaults;
  /** Which images this worker runs. */
  readonly images: ImagePolicy;
  /** What confines a job's container on this worker's engine. */
  readonly sandboxOf: (spec: JobSpec, image: ObtainedImage) => Sandbox;
  readonly logger: Logger;
  /** Takes what has to be cleared away after a job, when its caller has the result already. */
  readonly background: Pick<Background, 'add'>;
  readonly crashPoints: CrashPoints;
  /** Shared by all jobs of this process. */
  readonly imageHolds: ImageHolds;
  /** Told of each container before it is made: what it uses, the reaper does not remove. */
  readonly noteUses: NoteUses;
  readonly secrets: Pick<SecretReader, 'read' | 'readEnv'>;
  readonly secretHolder: SecretHolder;
}

/** A container of an earlier process. */
export interface AdoptedContainer {
  readonly id: ContainerId;
  /** Name of the volume with its secret, if it has one. */
  readonly secretVolume: string | undefined;
}

/** What was recorded of an attempt. */
export interface AttemptResult extends JobResult {
  /** When the job is run again; null when it has ended. */
  readonly nextInMs: number | null;
}

/**
 * The story of one attempt: image → container → start → output and exit → record → removal. Returns
 * what was recorded; throws {@link FencedError} when the job belongs to somebody else by now,
 * {@link StoppedError}, or that the engine is away, when it was given back to the queue,
 * {@link HandedOverError} when it was left to the next process of this worker, and whatever Redis throws
 * when the end can't be recorded. Only a container that ended, of a job that wants it kept, stays behind,
 * and one of a job that is, or shall be, somebody else's.
 */
export async function runJob(
  dependencies: RunJobDependencies,
  claim: Claim,
  stop: StopSignal,
): Promise<AttemptResult> {
  return toItsEnd(dependencies, claim, stop, undefined, (attempt) => attempt.run());
}

/** The same from where an earlier process of this worker left off, with its container. */
export async function adoptJob(
  dependencies: RunJobDependencies,
  claim: AdoptedClaim,
  { id, secretVolume }: AdoptedContainer,
  stop: StopSignal,
): Promise<AttemptResult> {
  return toItsEnd(dependencies, claim, stop, secretVolume, (attempt) =>
    attempt.goOn(id, claim.ranMs),
  );
}

async function toItsEnd(
  dependencies: RunJobDependencies,
  claim: Claim | AdoptedClaim,
  stop: StopSignal,
  secretVolume: string | undefined,
  run: (attempt: Attempt) => Promise<Outcome>,
): Promise<AttemptResult> {
  const { attempts, defaults, background, crashPoints } = dependencies;
  const { recorder, hide, cover } = attemptOutput(attempts, claim, defaults.maxOutputBytes);
  const secret = new AttemptSecret(dependencies, claim, { onValues: hide, adopted: secretVolume });
  const attempt = new Attempt(dependencies, claim, stop, recorder, secret);
  let left: 'nothing' | 'container' | 'all' = 'nothing';
  try {
    const { error, ...outcome } = await run(attempt);
    // Also of one that ended with an error: after its end nothing can be added any more.
    await storeToTheEnd(recorder);
    const result: JobResult = {
      ...outcome,
      error: error && { ...error, message: cover(error.message) },
      outputBytes: recorder.totalBytes,
      outputTruncated: recorder.truncated,
      outputMasked: recorder.masked,
      timings: attempt.timings,
    };
    const nextInMs = await record(attempts, claim, result);
    crashPoints('recorded', claim.spec);
    if (attempt.exited && !claim.spec.remove) left = 'container';
    return { ...result, nextInMs };
  } catch (error) {
    if (error instanceof StoppedError || isEngineAway(error)) await attempts.release(claim);
    if (error instanceof HandedOverError) await handOver(dependencies, claim, recorder);
    // Whose container it is now, only the reaper can tell.
    if (error instanceof FencedError || error instanceof HandedOverError) left = 'all';
    throw error;
  } finally {
    const keepsContainer = left === 'container';
    if (left !== 'all') {
      await background.add(() => removeTraces(dependencies, claim, secret, keepsContainer));
    }
  }
}

/** Ends the job, or only this attempt of one that asks to be run again. Returns how long until then. */
async function record(attempts: Attempts, claim: Claim, result: JobResult): Promise<number | null> {
  const nextInMs = retryDelayMs(claim.spec.retry, claim.retries, result);
  if (nextInMs === null) {
    await attempts.finish(claim, result);
    return null;
  }
  const outcome = await attempts.retry(claim, result, nextInMs);
  return outcome === 'queued' ? nextInMs : null;
}

/** The next process has the whole lease to come. What is not stored it reads again. */
async function handOver(
  { attempts, logger }: RunJobDependencies,
  claim: Claim,
  recorder: OutputRecorder,
): Promise<void> {
  const warn = (error: unknown) =>
    logger.warn({ err: error, job: claim.id }, 'could not leave a job in order');
  await recorder.end().catch(warn);
  await attempts.renew(claim).catch(warn);
}

/** The secret goes also where the container stays. */
async function removeTraces(
  { engine, logger, crashPoints, imageHolds }: RunJobDependencies,
  claim: Claim,
  secret: AttemptSecret,
  keepsContainer: boolean,
): Promise<void> {
  // The reaper tries again.
  const warn = (what: string) => (error: unknown) =>
    logger.warn({ err: error, job: claim.id }, `could not remove the ${what}`);
  if (!keepsContainer) {
    await removeContainer(engine, claim.spec, containerName(claim), imageHolds)
      .then((isAllGone) => {
        const about = { job: claim.id, image: claim.spec.image };
        if (!isAllGone)
          logger.info(about, 'the image of a job stays: it is in use, or gone already');
        crashPoints('removed', claim.spec);
      })
      .catch(warn('container'));
  }
  await secret.release().catch(warn('secret'));
}
