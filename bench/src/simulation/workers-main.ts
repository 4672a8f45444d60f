import { createLogger, loadConfig } from '@conjob/shared';
import { startWorker, workerConfigSchema } from '@conjob/worker';
import { openFakeEngine } from '@conjob/worker/fake-engine';
import { SIMULATED_IMAGE } from './simulated-jobs.ts';

/** So many start at a time: each asks Redis a few things in turn. */
const STARTING_AT_ONCE = 50;

const config = loadConfig(workerConfigSchema, process.env);
const logger = createLogger({ name: 'worker', level: config.logLevel });
const count = Number(process.env['SIMULATED_WORKERS'] ?? 1);
const quit = new AbortController();
const asked = new Promise<void>((resolve) => {
  process.on('SIGTERM', () => resolve());
});

const names = Array.from({ length: count }, (_, index) => `${config.name ?? 'simulated'}-${index}`);
const start = (name: string) => {
  const open = openFakeEngine(name, [`docker.io/library/${SIMULATED_IMAGE}:latest`]);
  return startWorker({ ...config, name }, logger.child({ worker: name }), quit.signal, open);
};
const workers: Awaited<ReturnType<typeof start>>[] = [];
for (let from = 0; from < count; from += STARTING_AT_ONCE) {
  const some = names.slice(from, from + STARTING_AT_ONCE);
  workers.push(...(await Promise.all(some.map(start))));
}
logger.info({ workers: count }, 'all workers are ready');
await asked;
await Promise.all(workers.map((worker) => worker.close()));
process.exit();
