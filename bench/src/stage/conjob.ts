import { join } from 'node:path';
import { startApp } from './app-process.ts';

export interface ConJobOptions {
  readonly redisUrl: string;
  readonly engineSocket: string;
  /** For the logs. */
  readonly folder: string;
  /** Run what `pnpm build` made, as the images do, instead of the sources. */
  readonly built: boolean;
  /** On top of ConJob's defaults; `WORKER_CONCURRENCY`, for instance. */
  readonly env?: Readonly<Record<string, string>>;
}

/** A ConJob as users run it: an API and a worker, each a process of its own. */
export interface ConJob {
  readonly url: string;
  readonly apiPid: number;
  readonly workerPid: number;
  stop(): Promise<void>;
}

let started = 0;

export async function startConJob(options: ConJobOptions): Promise<ConJob> {
  const number = ++started;
  const start = (app: 'api' | 'worker', env: Record<string, string>) =>
    startApp({
      app,
      logPath: join(options.folder, `${app}-${number}.log`),
      built: options.built,
      env: { REDIS_URL: options.redisUrl, ...options.env, ...env },
    });
  const [api, worker] = await Promise.allSettled([
    start('api', { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' }),
    start('worker', { DOCKER_HOST: `unix://${options.engineSocket}` }),
  ]);
  if (api.status === 'fulfilled' && worker.status === 'fulfilled') {
    return {
      url: String(api.value.ready['url']),
      apiPid: api.value.pid,
      workerPid: worker.value.pid,
      async stop() {
        await worker.value.stop();
        await api.value.stop();
      },
    };
  }
  if (api.status === 'fulfilled') await api.value.stop();
  if (worker.status === 'fulfilled') await worker.value.stop();
  throw [api, worker].find((result) => result.status === 'rejected')?.reason;
}
