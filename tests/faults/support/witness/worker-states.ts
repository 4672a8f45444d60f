import type { Cluster } from '../cluster/cluster.ts';
import { comesTrue } from './controls.ts';

interface WorkerView {
  readonly name: string;
  readonly state: string;
  readonly reason: string | null;
}

/** What the API says of one worker; null when it does not know it. */
async function workerState(
  { apis: [api] }: Pick<Cluster, 'apis'>,
  name: string,
): Promise<WorkerView | null> {
  const response = await fetch(`${api.url}/workers/${name}`);
  return response.status === 200 ? ((await response.json()) as WorkerView) : null;
}

/** Waits until a worker is in this state, and says so for this reason; false when it does not get there. */
export function workerBecomes(
  cluster: Pick<Cluster, 'apis'>,
  name: string,
  state: string,
  reason: RegExp | null = null,
): Promise<boolean> {
  return comesTrue(
    async () => {
      const worker = await workerState(cluster, name);
      return worker?.state === state && (reason === null || reason.test(worker.reason ?? ''));
    },
    { withinMs: 60_000, everyMs: 100 },
  );
}
