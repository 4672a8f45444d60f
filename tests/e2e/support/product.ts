import { type ConJobClient, createConJobClient } from '@conjob/client';
import { Releasers } from '@conjob/shared';
import { startTestRedis, type TestRedis } from '@conjob/testkit';
import { loginUrl, refusals, USERS } from '../../support/redis-logins.ts';
import { launch, type ProductProcess } from '../../support/start-process.ts';

/** A lease short enough that a test can wait for its end. */
const LEASE_SECONDS = '3';

/**
 * An API and a worker as processes of their own, on a Redis of their own, where each may do what the user of
 * its role may, and no more.
 */
export interface Product {
  readonly url: string;
  /** Of the API, without credentials. */
  readonly client: ConJobClient;
  readonly redis: TestRedis;
  readonly api: ProductProcess;
  startWorker(env: Readonly<Record<string, string>>): Promise<ProductProcess>;
  /** Stops all of it; throws when a process that still ran did not end with 0, or Redis refused anything. */
  stop(): Promise<void>;
}

export async function startProduct(env: Readonly<Record<string, string>> = {}): Promise<Product> {
  const releasers = new Releasers();
  try {
    const redis = await startTestRedis({ appendOnly: true, listen: 'tcp', users: USERS });
    releasers.push(() => redis.stop());
    releasers.push(() => expectNoRefusals(redis));
    const api = launch('api', {
      PORT: '0',
      ADMIN_PORT: '0',
      REDIS_URL: loginUrl(redis, 'api'),
      JOB_NETWORK: 'none',
      JOB_LIMIT_KILL_TIMEOUT: '2',
      ...env,
    });
    releasers.push(() => stopCleanly('api', api));
    const [, url = ''] = await api.says(/"url":"(https?:[^"]+)"/);
    return {
      url,
      client: createConJobClient({ baseUrl: url }),
      redis,
      api,
      startWorker: async (workerEnv) => {
        const worker = launch('worker', {
          REDIS_URL: loginUrl(redis, 'worker'),
          WORKER_LEASE_SECONDS: LEASE_SECONDS,
          ...env,
          ...workerEnv,
        });
        await worker.says(/worker is ready/);
        releasers.push(() => stopCleanly('worker', worker));
        return worker;
      },
      stop: () => releasers.releaseAll(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

async function expectNoRefusals(redis: TestRedis): Promise<void> {
  const refused = await refusals(redis);
  if (refused.length > 0) throw new Error(`Redis has refused: ${refused.join('; ')}`);
}

const KILLED = null;

/** One that a test has ended before is that test's own business. */
async function stopCleanly(name: string, running: ProductProcess): Promise<void> {
  const hadEnded = running.hasExited();
  const code = await running.stop();
  running.forget();
  if (hadEnded) return;
  if (code !== 0 && code !== KILLED) {
    throw new Error(`${name} ended with ${code}:\n${running.output()}`);
  }
}
