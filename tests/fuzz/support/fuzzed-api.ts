import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { connectPatient, disconnect } from '@conjob/shared';
import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { startFuzzedWorker } from './fuzzed-worker.ts';
import { LOGIN_ENV } from './logins.ts';

/** What the process of the API holds on to, once its garbage was collected. */
export interface Holdings {
  readonly heapBytes: number;
  readonly listeners: number;
  readonly resources: readonly string[];
}

/** An API in a process of its own, a worker on an engine in memory, and their Redis. */
export interface FuzzedApi {
  readonly url: string;
  readonly adminUrl: string;
  readonly redis: ReturnType<typeof connectPatient>;
  measure(): Promise<Holdings>;
  stop(): Promise<void>;
}

export const MAX_QUEUED = 20;
/** So low that some jobs are refused by each of them, and so high that most are not. */
const LOW_LIMITS = {
  JOB_LIMIT_REQ: '30',
  JOB_LIMIT_CONCURRENT: '2',
  JOB_LIMIT_QUEUED: String(MAX_QUEUED),
};

export async function startFuzzedApi(): Promise<FuzzedApi> {
  const server: TestRedis = await startTestRedis({ appendOnly: true });
  const child = fork(resolve(import.meta.dirname, 'api-main.ts'), {
    env: {
      PATH: process.env['PATH'],
      PORT: '0',
      ADMIN_PORT: '0',
      REDIS_URL: server.url,
      ...LOGIN_ENV,
      ...LOW_LIMITS,
    },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [urls] = (await once(child, 'message')) as [{ url: string; adminUrl: string }];
  const worker = await startFuzzedWorker(server.url);
  const redis = connectPatient(server.url);
  await until(async () => (await fetch(`${urls.url}/readyz`)).status === 200);
  return {
    ...urls,
    redis,
    async measure() {
      child.send('measure');
      const [holdings] = (await once(child, 'message')) as [Holdings];
      return holdings;
    },
    async stop() {
      const exited = once(child, 'exit');
      child.send('stop');
      await exited;
      await worker.close();
      await disconnect(redis);
      await server.stop();
    },
  };
}
