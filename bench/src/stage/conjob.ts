import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Service, startService, waitUntilReady } from '@conjob/provision';

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

const APPS = join(import.meta.dirname, '..', '..', '..', 'apps');
const READY_WITHIN_MS = 20_000;
/** More than the worker itself gives its jobs. */
const STOP_WITHIN_MS = 20_000;

let started = 0;

export async function startConJob(options: ConJobOptions): Promise<ConJob> {
  const number = ++started;
  const start = (app: string, sign: RegExp, env: Record<string, string>) =>
    startApp({
      app: join(APPS, app, options.built ? 'dist/main.js' : 'src/main.ts'),
      sign,
      logPath: join(options.folder, `${app}-${number}.log`),
      env,
    });
  const common = { REDIS_URL: options.redisUrl, ...options.env };
  const [api, worker] = await Promise.allSettled([
    start('api', /"url":"(http:[^"]+)"/, {
      ...common,
      PORT: '0',
      ADMIN_PORT: '0',
      JOB_NETWORK: 'none',
    }),
    start('worker', /worker is ready/, {
      ...common,
      DOCKER_HOST: `unix://${options.engineSocket}`,
    }),
  ]);
  if (api.status === 'fulfilled' && worker.status === 'fulfilled') {
    return {
      url: api.value.found[1] ?? '',
      apiPid: api.value.service.pid,
      workerPid: worker.value.service.pid,
      async stop() {
        await worker.value.service.stop(STOP_WITHIN_MS);
        await api.value.service.stop(STOP_WITHIN_MS);
      },
    };
  }
  if (api.status === 'fulfilled') await api.value.service.stop(STOP_WITHIN_MS);
  if (worker.status === 'fulfilled') await worker.value.service.stop(STOP_WITHIN_MS);
  throw [api, worker].find((result) => result.status === 'rejected')?.reason;
}

interface App {
  readonly app: string;
  /** In its log, once it takes jobs. */
  readonly sign: RegExp;
  readonly logPath: string;
  readonly env: Readonly<Record<string, string>>;
}

async function startApp({ app, sign, logPath, env }: App) {
  const service: Service = await startService({
    // A service knows little of our environment; `env` replaces itself with the app.
    command: 'env',
    args: [
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      // As the start scripts and the images do.
      '--max-semi-space-size=1',
      app,
    ],
    logPath,
  });
  let found: RegExpExecArray | null = null;
  const ready = async (): Promise<boolean> => {
    found = sign.exec(readFileSync(logPath, 'utf8'));
    return found !== null;
  };
  await waitUntilReady(app, service, ready, READY_WITHIN_MS);
  return { service, found: found as unknown as RegExpExecArray };
}
