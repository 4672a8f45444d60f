import { join } from 'node:path';
import { Releasers } from '@conjob/shared';
import { startTestRedis, type TestRedis, tempFolder } from '@conjob/testkit';
import { type AppProcess, startApp } from '../stage/app-process.ts';

export interface SimulationOptions {
  readonly workers: number;
  /** Which the workers share. Default 1. */
  readonly processes?: number;
  /** Of each worker. */
  readonly slots: number;
  /** Without workers, until they are started. */
  readonly isIdle?: boolean;
  /** Run what `pnpm build` made of the API, instead of its sources. */
  readonly built?: boolean;
  /** On top of ConJob's defaults. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nodeOptions?: (app: 'api' | 'workers') => readonly string[];
}

/** API, Redis and workers as they run in production, but that the workers' engines are fake ones. */
export interface Simulation {
  readonly url: string;
  readonly adminUrl: string;
  /** Writes every change to the disk before its answer. */
  readonly redis: TestRedis;
  readonly api: AppProcess;
  /** The processes of the workers. */
  readonly workers: readonly AppProcess[];
  /** Those of a simulation that is idle so far. */
  startWorkers(): Promise<void>;
  stop(): Promise<void>;
}

export async function startSimulation(options: SimulationOptions): Promise<Simulation> {
  const { workers, processes = 1, slots, built = false, nodeOptions, isIdle = false } = options;
  const releasers = new Releasers();
  try {
    const folder = tempFolder();
    releasers.push(async () => folder.remove());
    const redis = await startTestRedis({ appendOnly: true, listen: 'tcp' });
    releasers.push(() => redis.stop());
    const start = async (app: 'api' | 'workers', name: string, env: Record<string, string>) => {
      const logPath = join(folder.path, `${name}.log`);
      const all = { REDIS_URL: redis.url, ...env, ...options.env };
      const process = await startApp({
        app,
        env: all,
        logPath,
        built,
        nodeOptions: nodeOptions?.(app),
      });
      releasers.push(() => process.stop());
      return process;
    };
    const ports = { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' };
    const api = await start('api', 'api', ports);
    const shares = Array.from({ length: processes }, (_, index) =>
      Math.floor((workers + index) / processes),
    );
    const running: AppProcess[] = [];
    const startWorkers = async (): Promise<void> => {
      const all = shares.map((share, index) =>
        start('workers', `workers-${index}`, {
          WORKER_NAME: `simulated-${index}`,
          WORKER_CONCURRENCY: String(slots),
          SIMULATED_WORKERS: String(share),
        }),
      );
      running.push(...(await Promise.all(all)));
    };
    if (!isIdle) await startWorkers();
    return {
      url: String(api.ready['url']),
      adminUrl: String(api.ready['adminUrl']),
      redis,
      api,
      workers: running,
      startWorkers,
      stop: () => releasers.releaseAll(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}
