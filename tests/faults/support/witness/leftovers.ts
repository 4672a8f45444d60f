import { setTimeout as sleep } from 'node:timers/promises';
import { callEngine } from '@conjob/provision';
import { keys } from '@conjob/shared';
import { type ListedContainer, listContainers } from '@conjob/testkit';
import type { Cluster, WorkerPart } from '../cluster/cluster.ts';
import type { Engines } from '../cluster/engines.ts';

const POLL_MS = 250;

/** What may be there before a row begins, by engine: images and volumes. */
export type Inventory = readonly ReadonlySet<string>[];

export async function takeInventory(engines: Engines): Promise<Inventory> {
  return Promise.all(engines.map(async (engine) => new Set(await thingsOf(engine))));
}

/** What is still there when the product has had its time to remove it; empty when all is well. */
export async function findLeftovers(
  cluster: Cluster,
  before: Inventory,
  restMs: number,
): Promise<string[]> {
  const deadline = Date.now() + restMs;
  for (;;) {
    const left = await look(cluster, before).catch((error: Error) => [`nobody to ask: ${error}`]);
    if (left.length === 0 || Date.now() > deadline) return left;
    await sleep(POLL_MS);
  }
}

async function look({ engines, redis, workers }: Cluster, before: Inventory): Promise<string[]> {
  const onEngines = await Promise.all(
    engines.map(async (engine, place) => {
      const containers = await listContainers(engine, { withHelpers: true });
      const ofJobs = containers.filter((container) => !isKept(container, workers[place]));
      const left = ofJobs.map(({ name, state }) => `container ${name} (${state})`);
      const things = (await thingsOf(engine)).filter((thing) => !before[place]?.has(thing));
      return [...left, ...things];
    }),
  );
  return [...onEngines.flat(), ...(await redis.with(liveKeys))];
}

/** A worker that lives keeps sandboxes for the jobs to come. */
function isKept({ labels }: ListedContainer, worker: WorkerPart | undefined): boolean {
  const isUp = worker?.down.every(({ until }) => until !== Number.POSITIVE_INFINITY) ?? false;
  return (
    isUp && labels['conjob.helper-of'] !== undefined && labels['conjob.worker'] === worker?.name
  );
}

/** What only an unfinished job may have in Redis. */
async function liveKeys(redis: Parameters<Parameters<Cluster['redis']['with']>[0]>[0]) {
  const left: string[] = [];
  for (const key of [keys.leases, keys.adding, keys.queueDeadlines]) {
    const ids = await redis.zrange(key, '0', '-1');
    left.push(...ids.map((id) => `${id} in ${key}`));
  }
  const inputs = await redis.keys(`${keys.input('')}*`);
  return [...left, ...inputs];
}

async function thingsOf({ socketPath }: { readonly socketPath: string }): Promise<string[]> {
  const ask = async (path: string): Promise<unknown> =>
    JSON.parse((await callEngine(socketPath, path, { timeoutMs: 10_000 })).body);
  const all = (await ask('/images/json')) as {
    readonly Id: string;
    readonly Labels: Readonly<Record<string, string>> | null;
  }[];
  // The image of helpers stays, as the next worker needs it.
  const images = all.filter(({ Labels }) => Labels?.['conjob.helper'] === undefined);
  const { Volumes } = (await ask('/volumes')) as { Volumes: { readonly Name: string }[] | null };
  return [
    ...images.map(({ Id }) => `image ${Id}`),
    ...(Volumes ?? []).map(({ Name }) => `volume ${Name}`),
  ];
}
