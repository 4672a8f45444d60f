import { type Conclusion, endOf, type JobError, jobError } from '@conjob/shared';
import { EngineError } from './engine/engine.ts';
import { SecretError } from './secrets/secret-error.ts';
import { StoppedError, type StopReason } from './stop-reason.ts';

/** How a container ended. */
export interface ContainerExit {
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** False when the output may lack bytes that the container wrote. */
  readonly outputComplete: boolean;
}

export interface Outcome {
  readonly conclusion: Conclusion;
  readonly exitCode: number;
  readonly error: JobError | null;
}

/** A process that died of signal N exits with 128 + N; Linux has 64 of them. */
const diedOfSignal = (exitCode: number): boolean => exitCode > 128 && exitCode <= 128 + 64;

/**
 * What an exit means for the caller, given why it was stopped, if it was. A container that was told to
 * stop, though nobody wished to be rid of its job, and then ended with a code of its own keeps that
 * result: it had finished its work.
 */
export function concludeExit(exit: ContainerExit, stopped: StopReason | undefined): Outcome {
  const mayKeepIt = stopped !== 'cancelled' && stopped !== 'fenced';
  if (stopped !== undefined && (!mayKeepIt || diedOfSignal(exit.exitCode))) {
    return concludeStop(stopped);
  }
  const incomplete = exit.outputComplete ? null : jobError('output.incomplete');
  if (exit.exitCode === 0) return { conclusion: 'SUCCESS', exitCode: 0, error: incomplete };
  const error = exit.outOfMemory ? jobError('run.out_of_memory') : incomplete;
  return { conclusion: 'FAILURE', exitCode: exit.exitCode, error };
}

const LEASE_OVER = 'Redis could not be reached for too long, so the worker ended the container';

function concludeStop(reason: StopReason): Outcome {
  switch (reason) {
    case 'timed-out':
      return ended(jobError('run.timed_out'));
    case 'cancelled':
      return ended(jobError('run.cancelled'));
    case 'shut-down':
      return ended(jobError('worker.stopped'));
    case 'lease-over':
      return ended(jobError('worker.lost', LEASE_OVER));
    case 'fenced':
    case 'handed-over':
      return ended(jobError('worker.lost'));
    default:
      return reason satisfies never;
  }
}

/** What it means that a job could not be run to its end. */
export function concludeError(error: unknown): Outcome {
  if (error instanceof StoppedError) return concludeStop(error.reason);
  if (error instanceof SecretError) {
    return ended(jobError('secrets.unreadable', error.message));
  }
  if (!(error instanceof EngineError)) return ended(jobError('job.internal'));
  return ended(jobError(error.code, error.message));
}

function ended(error: JobError): Outcome {
  return { ...endOf(error.code), error };
}
