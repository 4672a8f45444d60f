import { generateKeys, Releasers } from '@conjob/shared';
import { type TestEngine, tempFolder } from '@conjob/testkit';
import { ENGINE_NAMES, type Engines } from './engines.ts';
import { type Link, linkToEngine, linkToRedis } from './link.ts';
import { type Part, startPart } from './part.ts';
import { type RedisHost, startRedisHost } from './redis-host.ts';

export interface ApiPart extends Part {
  readonly url: string;
  readonly adminUrl: string;
  /** Between this API and Redis. */
  readonly redisLink: Link;
}

export interface WorkerPart extends Part {
  readonly engine: TestEngine;
  readonly slots: number;
  /** Between this worker, its reaper included, and Redis. */
  readonly redisLink: Link;
  /** Between this worker, its reaper included, and its engine. */
  readonly engineLink: Link;
}

export interface ClusterOptions {
  /** For all processes. */
  readonly env?: Readonly<Record<string, string>>;
  /** For one worker, by its place. */
  readonly workerEnv?: readonly Readonly<Record<string, string>>[];
  readonly leaseSeconds?: number;
  /** Of each worker. */
  readonly slots?: number;
  /** Default both. One is enough where the row asks who does it. */
  readonly workers?: 0 | 1 | 2;
  /** The files of Redis get a disk of their own of this size. */
  readonly redisDiskBytes?: number;
  /** Puts something of the row's own between each worker and its engine. */
  readonly beforeEngine?: (socketPath: string, worker: string) => Promise<EngineDoor>;
}

/** What a worker takes for its engine. */
export interface EngineDoor {
  readonly url: string;
  /** What else its process needs, to go through it. */
  readonly env?: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** Two APIs and two workers, each on an engine of its own, one Redis, and a link before each. */
export interface Cluster {
  readonly engines: Engines;
  readonly redis: RedisHost;
  readonly apis: readonly [ApiPart, ApiPart];
  /** As many as were asked for: the first is on `north`, the second on `south`. */
  readonly workers: readonly [WorkerPart, WorkerPart];
  readonly leaseMs: number;
  stop(): Promise<void>;
}

export async function startCluster(
  engines: Engines,
  options: ClusterOptions = {},
): Promise<Cluster> {
  const {
    env: ownEnv = {},
    workerEnv = [],
    leaseSeconds = 6,
    slots = 3,
    workers = 2,
    redisDiskBytes,
  } = options;
  const releasers = new Releasers();
  try {
    const keys = tempFolder();
    releasers.push(async () => keys.remove());
    await generateKeys(keys.path);
    const env = { SECRET_KEYS_DIR: keys.path, ...ownEnv };
    const redis = await startRedisHost(
      redisDiskBytes === undefined ? {} : { diskBytes: redisDiskBytes },
    );
    releasers.push(() => redis.stop());
    const startOneApi = async (name: string) => {
      const redisLink = await linkToRedis(redis.address);
      releasers.push(() => redisLink.stop());
      const api = await startApi(name, redisLink, env);
      releasers.push(() => api.stop());
      return api;
    };
    const startOneWorker = async (name: string, place: 0 | 1) => {
      const engine = engines[place];
      const redisLink = await linkToRedis(redis.address);
      releasers.push(() => redisLink.stop());
      const engineLink = await linkToEngine(engine.socketPath);
      releasers.push(() => engineLink.stop());
      const door = await options.beforeEngine?.(engine.socketPath, name);
      releasers.push(async () => door?.stop());
      const part = await startPart({
        app: 'worker',
        name,
        ready: /worker is ready/,
        env: {
          REDIS_URL: redisLink.url,
          DOCKER_HOST: door?.url ?? engineLink.url,
          ...door?.env,
          WORKER_NAME: name,
          WORKER_CONCURRENCY: String(slots),
          WORKER_LEASE_SECONDS: String(leaseSeconds),
          WORKER_SHUTDOWN_SECONDS: '0',
          ...env,
          ...workerEnv[place],
        },
      });
      releasers.push(() => part.stop());
      return Object.assign(part, { engine, slots, redisLink, engineLink });
    };
    const apis = await settle([startOneApi('api-1'), startOneApi('api-2')]);
    const names = ENGINE_NAMES.slice(0, workers);
    const hosts = await settle(names.map((name, place) => startOneWorker(name, place as 0 | 1)));
    return {
      engines,
      redis,
      apis: apis as [ApiPart, ApiPart],
      // A row that asked for fewer knows which there are.
      workers: hosts as unknown as [WorkerPart, WorkerPart],
      leaseMs: leaseSeconds * 1000,
      stop: () => releasers.releaseAll(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

async function startApi(
  name: string,
  redisLink: Link,
  env: Readonly<Record<string, string>>,
): Promise<ApiPart> {
  let [url, adminUrl] = ['', ''];
  const part = await startPart({
    app: 'api',
    name,
    ready: /"url":"(http:[^"]+)","adminUrl":"(http:[^"]+)"/,
    // A restarted API gets a port of its own: nobody may take the old one meanwhile and answer.
    onReady: ([, said = '', saidOfAdmin = '']) => {
      [url, adminUrl] = [said, saidOfAdmin];
    },
    env: {
      PORT: '0',
      ADMIN_PORT: '0',
      REDIS_URL: redisLink.url,
      JOB_NETWORK: 'none',
      JOB_LIMIT_KILL_TIMEOUT: '2',
      ...env,
    },
  });
  const { process: _, ...rest } = part;
  return {
    ...rest,
    redisLink,
    get url() {
      return url;
    },
    get adminUrl() {
      return adminUrl;
    },
    get process() {
      return part.process;
    },
  };
}

/** Like `Promise.all`, but does not leave before all have come to an end. */
async function settle<T>(starting: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(starting);
  return Promise.all(starting);
}
