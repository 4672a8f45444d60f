import type { Logger } from '@conjob/shared';
import type { Engine, ListedContainer } from './engine/engine.ts';
import { LABELS } from './engine/labels.ts';
import { removeContainer } from './remove-container.ts';

export interface SweepOptions {
  readonly engine: Engine;
  /** Only containers of this one are looked at. */
  readonly installation: string;
  readonly worker: string;
  readonly isRunningHere: (jobId: string) => boolean;
  readonly logger: Logger;
}

/**
 * So much longer are ended containers of other workers left: one that lives may be about to start it,
 * or be reading its output, and removes it itself.
 */
const OTHERS_MS = 3_600_000;

/**
 * Removes containers that nothing needs any more. Of this worker: kept ones whose time is over, and what
 * a process of the same name left behind when it was killed. One worker has one process, so what is
 * not running here is running for nobody. Of other workers of the installation, which may be gone for
 * good: what does not run, and has been kept long enough.
 */
export async function sweep(options: SweepOptions): Promise<void> {
  const { engine, installation, logger } = options;
  for (const container of await engine.list({ [LABELS.installation]: installation })) {
    const job = container.labels[LABELS.job] ?? '';
    try {
      if (await isNeeded(options, container, job)) continue;
      logger.info({ job, container: container.id }, 'removing a container that is not needed');
      await removeSwept(engine, container);
    } catch (error) {
      logger.warn({ err: error, job, container: container.id }, 'could not remove a container');
    }
  }
}

async function isNeeded(
  { engine, worker, isRunningHere }: SweepOptions,
  container: ListedContainer,
  job: string,
): Promise<boolean> {
  if (container.labels[LABELS.worker] !== worker) return isNeededByOther(engine, container);
  // Asked again for each: a job may have begun, or ended, since the list was made.
  return isRunningHere(job) || (await isKept(engine, container)) || isRunningHere(job);
}

async function isKept(engine: Engine, container: ListedContainer): Promise<boolean> {
  const keepMs = keepMsOf(container);
  if (keepMs === 0) return false;
  // It ended after it was made: no need to ask when.
  if (container.status === 'exited' && Date.now() < container.createdAt + keepMs) return true;
  const state = await engine.inspect(container.id);
  if (state?.status !== 'exited' || state.finishedAt === null) return false;
  return Date.now() < state.finishedAt + keepMs;
}

async function isNeededByOther(engine: Engine, container: ListedContainer): Promise<boolean> {
  const keepMs = keepMsOf(container) + OTHERS_MS;
  if (container.status === 'running' || Date.now() < container.createdAt + keepMs) return true;
  const state = await engine.inspect(container.id);
  if (state === null || state.status === 'running') return true;
  return Date.now() < (state.finishedAt ?? container.createdAt) + keepMs;
}

function keepMsOf({ labels }: ListedContainer): number {
  return Number(labels[LABELS.keepSeconds] ?? 0) * 1000;
}

async function removeSwept(engine: Engine, { id, labels }: ListedContainer): Promise<void> {
  const image = labels[LABELS.image] ?? '';
  const removeImage = labels[LABELS.removeImage] === 'true';
  await removeContainer(engine, { image, removeImage }, id);
}
