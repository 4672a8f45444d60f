import { randomUUID } from 'node:crypto';
import { type AdoptedClaim, FencedError } from '@conjob/shared';
import type { ContainerId, ListedContainer } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';
import type { ProcessorDependencies } from './processor.ts';
import { adoptJob } from './run-job.ts';

/**
 * Takes over the jobs that an earlier process of this worker was running when it was killed: their
 * containers have run on. Returns one promise per job, which settles when the job has ended and never
 * rejects. To be called once, before any job is taken.
 */
export async function adoptJobs(dependencies: ProcessorDependencies): Promise<Promise<void>[]> {
  const { engine, attempts, defaults } = dependencies;
  const ours = {
    [LABELS.installation]: defaults.installation,
    [LABELS.worker]: defaults.worker,
  };
  const adopted: Promise<void>[] = [];
  for (const { id, labels } of await engine.list(ours)) {
    const { job, attempt } = jobOf(labels);
    const askedAt = performance.now();
    const claim = await attempts.adopt(job, attempt, randomUUID());
    if (claim !== null) adopted.push(toItsEnd(dependencies, claim, id, askedAt));
  }
  return adopted;
}

function jobOf(labels: ListedContainer['labels']) {
  return { job: labels[LABELS.job] ?? '', attempt: Number(labels[LABELS.attempt]) };
}

async function toItsEnd(
  dependencies: ProcessorDependencies,
  claim: AdoptedClaim,
  container: ContainerId,
  askedAt: number,
): Promise<void> {
  const { running, logger } = dependencies;
  logger.info({ job: claim.id, container, ranMs: claim.ranMs }, 'adopted a running job');
  try {
    const { conclusion } = await running.track(claim, askedAt, (stop) =>
      adoptJob(dependencies, claim, container, stop),
    );
    logger.info({ job: claim.id, conclusion }, 'adopted job finished');
  } catch (error) {
    // BullMQ still has the job: it is delivered, and looked at, once more.
    if (error instanceof FencedError) dependencies.onFenced();
    logger.error({ err: error, job: claim.id }, 'could not record the adopted job');
  }
}
