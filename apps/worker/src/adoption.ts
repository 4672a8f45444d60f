import { randomUUID } from 'node:crypto';
import { type AdoptedClaim, type JobHolder, readHolders } from '@conjob/shared';
import type { Redis } from 'ioredis';
import type { ContainerId, ListedContainer } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';
import type { ProcessorDependencies } from './processor.ts';
import { type AdoptedContainer, adoptJob } from './run-job.ts';
import { HandedOverError } from './stop-reason.ts';

export interface AdoptionDependencies extends ProcessorDependencies {
  readonly redis: Redis;
  /** Called for each adopted job. Settles when the job has ended, or was left again; never rejects. */
  readonly onAdopted: (job: Promise<void>) => void;
}

/** Between two looks at containers whose worker may be about to lose its name. */
const LOOK_MS = 2_000;
/** After another worker has gone its next process has this part of a lease to adopt its jobs itself. */
const FIRST_RIGHT_SHARE = 1 / 3;

/**
 * Takes over jobs whose containers run on without their worker's process: those of an earlier process of
 * this worker, and, as a worker that is replaced may come back by another name, those of other workers
 * of the same engine whose names nobody holds. Which worker has a job is the ledger's to say: the label
 * of its container only names the one that made it.
 */
export class Adoption {
  readonly #dependencies: AdoptionDependencies;
  readonly #jobs = new Set<Promise<void>>();
  /** The leases of containers of others as they were first seen: one that changes is being renewed. */
  readonly #seen = new Map<ContainerId, number | null>();
  #timer: NodeJS.Timeout | undefined;
  #underWay: Promise<void> | undefined;
  #hasEnded = false;

  constructor(dependencies: AdoptionDependencies) {
    this.#dependencies = dependencies;
  }

  /**
   * Adopts what can be adopted now, and goes on looking while there are containers of workers of which
   * it is not known yet whether they live.
   */
  async begin(): Promise<void> {
    if (await this.#look()) this.#lookIn(LOOK_MS);
  }

  /** Another worker is gone: what its next process does not adopt by then is looked at. */
  onLeft(): void {
    this.#seen.clear();
    this.#lookIn(this.#dependencies.attempts.leaseMs * FIRST_RIGHT_SHARE);
  }

  /** Adopts no more. Resolves when what was adopted has ended. */
  async close(): Promise<void> {
    this.#hasEnded = true;
    clearTimeout(this.#timer);
    await this.#underWay;
    while (this.#jobs.size > 0) await Promise.race(this.#jobs);
  }

  #lookIn(milliseconds: number): void {
    clearTimeout(this.#timer);
    if (this.#hasEnded) return;
    this.#timer = setTimeout(() => {
      this.#underWay = this.begin().catch((error: unknown) => {
        this.#dependencies.logger.warn({ err: error }, 'could not look for jobs to adopt');
        this.#lookIn(LOOK_MS);
      });
    }, milliseconds);
  }

  /** True when a later look may find more to adopt. */
  async #look(): Promise<boolean> {
    const { engine, redis, defaults } = this.#dependencies;
    const containers = await engine.list({ [LABELS.installation]: defaults.installation });
    const holders = await readHolders(
      redis,
      containers.map(({ labels }) => jobOf(labels).job),
    );
    let isUndecided = false;
    for (const [index, container] of containers.entries()) {
      const holder = holders[index];
      if (this.#hasEnded || !holder || !isRunOf(container, holder)) continue;
      if (await this.#adopt(container, holder)) continue;
      if (this.#mayBecomeFree(container, holder)) isUndecided = true;
    }
    return isUndecided;
  }

  /** True when the job runs here. */
  async #adopt({ id, labels }: ListedContainer, { worker }: JobHolder): Promise<boolean> {
    const { running, attempts } = this.#dependencies;
    const { job, attempt } = jobOf(labels);
    if (running.has(job)) return true;
    const askedAt = performance.now();
    const claim = await attempts.adopt(job, attempt, randomUUID(), worker);
    if (claim === null) return false;
    const container = { id, secretVolume: labels[LABELS.secretVolume] };
    const ended = this.#toItsEnd(claim, container, askedAt).finally(() => this.#jobs.delete(ended));
    this.#jobs.add(ended);
    this.#dependencies.onAdopted(ended);
    return true;
  }

  #mayBecomeFree({ id }: ListedContainer, { worker, leaseUntil }: JobHolder): boolean {
    if (worker === this.#dependencies.defaults.worker) return false;
    if (!this.#seen.has(id)) this.#seen.set(id, leaseUntil);
    return this.#seen.get(id) === leaseUntil;
  }

  async #toItsEnd(
    claim: AdoptedClaim,
    container: AdoptedContainer,
    askedAt: number,
  ): Promise<void> {
    const { running, logger } = this.#dependencies;
    const { id: job, ranMs, previous } = claim;
    logger.info(
      { job, container: container.id, ranMs, of: previous.worker },
      'adopted a running job',
    );
    try {
      const { conclusion } = await running.track(claim, askedAt, (stop) =>
        adoptJob(this.#dependencies, claim, container, stop),
      );
      logger.info({ job, conclusion }, 'adopted job finished');
    } catch (error) {
      if (error instanceof HandedOverError) {
        logger.info({ job }, 'left a running job to the next process of this worker');
        return;
      }
      // The queue still has the job: it is delivered, and looked at, once more.
      logger.error({ err: error, job }, 'could not record the adopted job');
    }
  }
}

/** Whether the container is the one that the ledger says was started, or is about to be. */
function isRunOf({ labels }: ListedContainer, { state, step, attempt }: JobHolder): boolean {
  // What only holds something for the container of the job.
  if (labels[LABELS.holds] !== undefined) return false;
  const hasStarted = step === 'started' || step === 'exited';
  return state === 'running' && hasStarted && attempt === jobOf(labels).attempt;
}

function jobOf(labels: ListedContainer['labels']) {
  return { job: labels[LABELS.job] ?? '', attempt: Number(labels[LABELS.attempt]) };
}
