import { keys, type Logger } from '@conjob/shared';
import type { RunningJobs } from './running-jobs.ts';
import { type VolumeRemovalOptions, volumeRemovals } from './volumes/volume-removals.ts';

export interface NewsParts {
  readonly running: Pick<RunningJobs, 'stop'>;
  readonly runLimit: { news(): void };
  readonly heartbeat: { now(): void };
  readonly intakes: { refresh(): Promise<void> };
  readonly adoption: { onLeft(): void };
  readonly volumes: VolumeRemovalOptions;
  readonly logger: Logger;
}

/** What a worker does when it hears something, by channel. */
export function newsHandlers({ running, runLimit, heartbeat, ...parts }: NewsParts) {
  const { intakes, adoption, volumes, logger } = parts;
  const onNews = (of: string): void => {
    if (of === volumes.worker) heartbeat.now();
    else if (of === '') {
      intakes.refresh().catch((error) => logger.warn({ err: error }, 'placements'));
    } else adoption.onLeft();
  };
  return {
    [keys.cancels]: (job: string) => running.stop(job, 'cancelled'),
    [keys.workerNews]: onNews,
    [keys.places]: () => runLimit.news(),
    [keys.volumeRemovals]: volumeRemovals(volumes),
  };
}
