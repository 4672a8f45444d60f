import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '@conjob/provision';
import {
  listContainers,
  processesOf,
  removeContainer,
  signalAll,
  startTestRedis,
  type TestRedis,
} from '@conjob/testkit';
import { type AppProcess, startApp } from './app-process.ts';
import type { ConJobOptions } from './conjob.ts';

/** Tells its processes from all others, also a reaper whose worker is gone. */
const MARK = 'CONJOB_BENCH_INSTALLATION';
const WORKER = 'bench';
const LOOK_MS = 20;

/** Says when Node itself had started, and the app's own code begins to be read. */
const PRELOAD = `
const time = performance.timeOrigin + performance.now();
process.stdout.write(JSON.stringify({ pid: process.pid, time, msg: 'node has started' }) + '\\n');
`;
export const NODE_HAS_STARTED = 'node has started';

export interface ApiProcess extends AppProcess {
  readonly url: string;
  readonly adminUrl: string;
}

/** A ConJob with a Redis of its own, whose processes are started and killed one by one. */
export interface Installation {
  /** Writes every change to the disk before its answer. */
  readonly redis: TestRedis;
  /** The name of its worker: always the same, so that one process has what the last one left. */
  readonly worker: string;
  startApi(): Promise<ApiProcess>;
  startWorker(env?: Readonly<Record<string, string>>): Promise<AppProcess>;
  /** SIGKILL to all of its processes but Redis, reapers included. */
  killAll(): Promise<void>;
  /** Ends its processes, whatever state they are in, and removes its containers. */
  stop(): Promise<void>;
}

let installed = 0;

export async function install(
  options: Omit<ConJobOptions, 'redisUrl' | 'env'>,
): Promise<Installation> {
  const { engineSocket, built } = options;
  const redis = await startTestRedis({ appendOnly: true, listen: 'tcp' });
  const folder = mkdtempSync(join(options.folder, 'installation-'));
  const preload = join(folder, 'started.cjs');
  writeFileSync(preload, PRELOAD);
  const mark = `${process.pid}-${++installed}`;
  const pids = () => processesOf(`${MARK}=${mark}`);
  let started = 0;
  const start = (app: 'api' | 'worker', env: Readonly<Record<string, string>>) =>
    startApp({
      app,
      logPath: join(folder, `${app}-${++started}.log`),
      built,
      preload,
      env: { REDIS_URL: redis.url, [MARK]: mark, ...env },
    });
  const killAll = async (): Promise<void> => {
    signalAll(pids(), 'SIGKILL');
    while (pids().some(isAlive)) await sleep(LOOK_MS);
  };
  return {
    redis,
    worker: WORKER,
    killAll,
    async startApi() {
      const api = await start('api', { PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' });
      const { url, adminUrl } = api.ready;
      return { ...api, url: String(url), adminUrl: String(adminUrl) };
    },
    startWorker: (env = {}) =>
      start('worker', {
        DOCKER_HOST: `unix://${engineSocket}`,
        WORKER_NAME: WORKER,
        CONTAINER_RUNTIME: 'default',
        ...env,
      }),
    async stop() {
      await killAll();
      signalAll([redis.pid], 'SIGCONT');
      await redis.stop();
      const engine = { socketPath: engineSocket };
      const left = await listContainers(engine, { withHelpers: true });
      await Promise.all(left.map(({ id }) => removeContainer(engine, id)));
    },
  };
}
