import { fork } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { connectPatient, disconnect, jobError, resultWithoutOutput } from '@conjob/shared';
import { startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { byImage } from '../../../apps/api/src/testing/scripts.ts';
import { type Script, startStandInWorker } from '../../../apps/api/src/testing/stand-in-worker.ts';
import { reportWorker } from '../../../apps/api/src/testing/worker-report.ts';

/** What the process of the API holds on to, once its garbage was collected. */
export interface Holdings {
  readonly heapBytes: number;
  readonly listeners: number;
  readonly resources: readonly string[];
}

/** An API in a process of its own, a worker that runs scripts, and their Redis. */
export interface FuzzedApi {
  readonly url: string;
  readonly adminUrl: string;
  readonly redis: ReturnType<typeof connectPatient>;
  measure(): Promise<Holdings>;
  stop(): Promise<void>;
}

const HOUR_MS = 3_600_000;
const IMAGES = [
  'echo',
  'fail',
  'silent',
  'cat',
  'bytes',
  'timings',
  'hang',
  'no-image',
  'no-command',
];
/** Images that this worker has. `hang` runs until it is cancelled. */
export const KNOWN_IMAGES: readonly string[] = IMAGES;

/** Whatever else a job asks for, there is no such image. */
const script: Script = async (run) => {
  if (IMAGES.includes(run.claim.spec.image)) return byImage(run);
  return resultWithoutOutput('NOT_FOUND', jobError('image.not_found'));
};

export async function startFuzzedApi(): Promise<FuzzedApi> {
  const server: TestRedis = await startTestRedis({ appendOnly: true });
  const child = fork(resolve(import.meta.dirname, 'api-main.ts'), {
    env: { PATH: process.env['PATH'], PORT: '0', ADMIN_PORT: '0', REDIS_URL: server.url },
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const [urls] = (await once(child, 'message')) as [{ url: string; adminUrl: string }];
  const worker = await startStandInWorker(server.url, script);
  const redis = connectPatient(server.url);
  await reportWorker(redis, { labels: { gpu: 'true' } }, HOUR_MS);
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
