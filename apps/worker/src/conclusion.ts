import { type Conclusion, type JobError, type JobErrorCode, jobError } from '@conjob/shared';
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
      return ended('TIMED_OUT', jobError('run.timed_out'));
    case 'cancelled':
      return ended('CANCELLED', jobError('run.cancelled'));
    case 'shut-down':
      return ended('UNKNOWN', jobError('worker.stopped'));
    case 'lease-over':
      return ended('UNKNOWN', jobError('worker.lost', LEASE_OVER));
    case 'fenced':
    case 'handed-over':
      return ended('UNKNOWN', jobError('worker.lost'));
    default:
      return reason satisfies never;
  }
}

/** What it means that a job could not be run to its end. */
export function concludeError(error: unknown): Outcome {
  if (error instanceof StoppedError) return concludeStop(error.reason);
  if (error instanceof SecretError) {
    return ended('UNKNOWN', jobError('secrets.unreadable', error.message));
  }
  if (!(error instanceof EngineError)) return ended('UNKNOWN', jobError('job.internal'));
  const described = jobError(error.code, error.message);
  const exitCode = EXIT_CODES[error.code];
  if (exitCode !== undefined) return { conclusion: 'FAILURE', exitCode, error: described };
  return ended(CONCLUSIONS_OF[error.code] ?? 'UNKNOWN', described);
}

/** What `docker run` exits with when the program can't be started. */
const EXIT_CODES: Partial<Record<JobErrorCode, number>> = {
  'run.command_not_found': 127,
  'run.not_executable': 126,
  'run.arguments_too_long': 126,
  'run.unknown_user': 125,
  'run.refused': 125,
  'sandbox.refused': 125,
};

/** The image can't be had. Everything that is not listed is the platform's failure. */
const CONCLUSIONS_OF: Partial<Record<JobErrorCode, Conclusion>> = {
  'image.not_found': 'NOT_FOUND',
  'image.not_local': 'NOT_FOUND',
  'image.unauthorized': 'NOT_FOUND',
  'image.invalid': 'NOT_FOUND',
  'image.not_allowed': 'NOT_FOUND',
  'image.wrong_platform': 'NOT_FOUND',
  'registry.unreachable': 'NOT_FOUND',
  'registry.rate_limited': 'NOT_FOUND',
  'registry.failed': 'NOT_FOUND',
  'pull.timed_out': 'NOT_FOUND',
};

function ended(conclusion: Conclusion, error: JobError): Outcome {
  return { conclusion, exitCode: -1, error };
}
