import type { Logger } from '@conjob/shared';
import type { WorkerState } from './worker-state.ts';

/** Says what the state is now; as a warning when nobody has asked for it. */
export function sayState(state: WorkerState, logger: Logger): void {
  const { shown } = state;
  const isReady = shown.state === 'ready';
  const isAskedFor = shown.state === 'draining' || state.holds('shutting-down');
  const level = isReady || isAskedFor ? 'info' : 'warn';
  logger[level](shown, isReady ? 'taking jobs' : 'taking no jobs');
}

/** Says that the start is over, and why no jobs are taken if so. */
export function sayStarted({ shown }: WorkerState, about: object, logger: Logger): void {
  const { reason } = shown;
  if (reason === null) logger.info(about, 'worker is ready');
  else logger.info({ ...about, reason }, 'worker has started, and takes no jobs');
}
