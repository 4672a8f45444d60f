import { createLogger } from '@conjob/shared';
import { expectNoCanary, startTestRedis, type TestRedis, until } from '@conjob/testkit';
import { Redis } from 'ioredis';
import { afterAll, beforeAll } from 'vitest';
import { loadApiConfig, type RunningApi, startApi } from '../api.ts';
import { type Answer, type Call, call } from './http-client.ts';
import { type Script, type StandInWorker, startStandInWorker } from './stand-in-worker.ts';

export interface TestApi {
  readonly redis: TestRedis;
  readonly api: RunningApi;
  /** What it has logged, parsed. */
  readonly logs: Record<string, unknown>[];
  call(path: string, options?: Call): Promise<Answer>;
  /** The same on the admin port. */
  callAdmin(path: string, options?: Call): Promise<Answer>;
  close(): Promise<void>;
}

export type Env = Record<string, string>;

/** An API on a free port, on a Redis of its own or on a given one. */
export async function startTestApi(env: Env = {}, given?: TestRedis): Promise<TestApi> {
  const redis = given ?? (await startTestRedis({ appendOnly: true }));
  const logs: Record<string, unknown>[] = [];
  const logger = createLogger({
    name: 'api',
    level: 'debug',
    destination: { write: (line) => void logs.push(JSON.parse(line)) },
  });
  const ports = { PORT: '0', ADMIN_PORT: '0' };
  const api = await startApi(loadApiConfig({ ...ports, REDIS_URL: redis.url, ...env }), logger);
  const test: TestApi = {
    redis,
    api,
    logs,
    call: (path, options) => call(`${api.url}${path}`, options),
    callAdmin: (path, options) => call(`${api.adminUrl}${path}`, options),
    async close() {
      await api.close();
      if (given === undefined) await redis.stop();
      expectNoCanary(JSON.stringify(logs), 'the log of the API');
    },
  };
  await until(async () => (await test.call('/readyz')).status === 200);
  return test;
}

/** An API and a stand-in worker for all tests of a file. */
export function useTestApi(script: Script, env: Env = {}): TestApi {
  let test: TestApi;
  let worker: StandInWorker;
  beforeAll(async () => {
    test = await startTestApi(env);
    worker = await startStandInWorker(test.redis.url, script);
  });
  afterAll(async () => {
    await worker?.close();
    await test?.close();
  });
  return {
    get redis() {
      return test.redis;
    },
    get api() {
      return test.api;
    },
    get logs() {
      return test.logs;
    },
    call: (path, options) => test.call(path, options),
    callAdmin: (path, options) => test.callAdmin(path, options),
    close: () => test.close(),
  };
}

/** A plain connection to look into Redis with. */
export async function withRedis<Value>(
  { target }: TestRedis,
  use: (redis: Redis) => Promise<Value>,
): Promise<Value> {
  const redis = new Redis(target);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}
