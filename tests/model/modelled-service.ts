import { createLogger, loadConfig, Releasers } from '@conjob/shared';
import { startTestRedis, until } from '@conjob/testkit';
import { loadApiConfig, startApi } from '../../apps/api/src/api.ts';
import { type Answer, type Call, call } from '../../apps/api/src/testing/http-client.ts';
import { openFakeEngine } from '../../apps/worker/src/engine/fake/open-fake-engine.ts';
import { startWorker, workerConfigSchema } from '../../apps/worker/src/worker.ts';
import { IMAGES } from './programs.ts';

/** The real API, queue, ledger and worker; only containers are played. */
export interface ModelledService {
  call(path: string, options?: Call): Promise<Answer>;
  callAdmin(path: string, options?: Call): Promise<Answer>;
  stop(): Promise<void>;
}

/** More than jobs that hang in one history: those that end are never behind them. */
const SLOTS = '100';

export async function startModelledService(): Promise<ModelledService> {
  const releasers = new Releasers();
  const quiet = (name: string) =>
    createLogger({ name, level: 'silent', destination: { write: () => {} } });
  try {
    const redis = await startTestRedis({ appendOnly: true });
    releasers.push(() => redis.stop());
    const shared = { REDIS_URL: redis.url };
    const apiEnv = { ...shared, PORT: '0', ADMIN_PORT: '0', JOB_NETWORK: 'none' };
    const api = await startApi(loadApiConfig(apiEnv), quiet('api'));
    releasers.push(() => api.close());
    const workerEnv = { ...shared, WORKER_CONCURRENCY: SLOTS, WORKER_SANDBOX_POOL: 'off' };
    const worker = await startWorker(
      loadConfig(workerConfigSchema, workerEnv),
      quiet('worker'),
      new AbortController().signal,
      openFakeEngine('modelled', IMAGES),
    );
    releasers.push(() => worker.close());
    await until(async () => (await call(`${api.url}/readyz`)).status === 200);
    return {
      call: (path, options) => call(api.url + path, options),
      callAdmin: (path, options) => call(api.adminUrl + path, options),
      stop: () => releasers.releaseAll(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}
