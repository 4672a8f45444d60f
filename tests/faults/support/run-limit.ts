import { keys } from '@conjob/shared';
import type { Cluster } from './cluster/cluster.ts';
import { comesTrue } from './witness/controls.ts';

const KEY = 'conjob.job.limit.maxConcurrentRuns';
/** Longer than any job of a row runs. */
const ENOUGH_MS = 120_000;

/** How many containers might run at once, on all engines together, for so long. */
export interface RunLimit {
  readonly most: number;
  readonly from: number;
  /** `Infinity` while it holds. */
  until: number;
}

/** What an operator sets, and from when on it must be so. */
export class RunLimits {
  readonly #cluster: Cluster;
  readonly set: RunLimit[] = [];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
  }

  /**
   * Sets how many jobs may run at once; those that run by then go on. Resolves when as few run as may:
   * from then on there may never be more.
   */
  readonly limitRuns = async (most: number): Promise<void> => {
    const { apis, redis } = this.#cluster;
    for (const limit of this.set) limit.until = Math.min(limit.until, Date.now());
    const answer = await fetch(`${apis[0].adminUrl}/tasks/config?${KEY}=${most}`, {
      method: 'POST',
    });
    if (answer.status !== 200) throw new Error(await answer.text());
    const isSo = () => redis.with(async (client) => (await client.zcard(keys.leases)) <= most);
    if (!(await comesTrue(isSo, { withinMs: ENOUGH_MS }))) throw new Error('Too many run on.');
    this.set.push({ most, from: Date.now(), until: Infinity });
  };
}
