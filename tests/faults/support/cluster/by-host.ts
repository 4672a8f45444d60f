import type { WorkerPart } from './cluster.ts';
import { ENGINE_NAMES } from './engines.ts';

/** For `workerEnv`: each worker can be asked for by its name. */
export const LABELLED_HOSTS = ENGINE_NAMES.map((name) => ({ WORKER_LABELS: `host=${name}` }));

/** Further fields of the spec of a job that only this worker may run. */
export function on({ name }: Pick<WorkerPart, 'name'>) {
  return { requires: { host: name } };
}
