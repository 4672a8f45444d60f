import type { Engine, ListedContainer } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';

/** The helpers of an installation, or of one worker of it, that no container of a job is in, or about to be. */
export async function unusedHelpers(
  engine: Pick<Engine, 'list'>,
  installation: string,
  worker?: string,
): Promise<ListedContainer[]> {
  const ofWorker = worker === undefined ? {} : { [LABELS.worker]: worker };
  // In this order: who joins one of them meanwhile is seen.
  const helpers = await engine.list({ [LABELS.helperOf]: installation, ...ofWorker });
  if (helpers.length === 0) return [];
  const jobs = await engine.list({ [LABELS.installation]: installation }, 'unended');
  const used = new Set(jobs.map(({ labels }) => labels[LABELS.network]));
  return helpers.filter(({ labels: { [LABELS.network]: network } }) => {
    // No job is in the network of one without a label, like what tries a runtime; most jobs have none either.
    return network === undefined || !used.has(network);
  });
}
