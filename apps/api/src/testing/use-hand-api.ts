import { startTestRedis, type TestRedis } from '@conjob/testkit';
import { afterAll, beforeAll } from 'vitest';
import { type HandWorker, startHandWorker } from './hand-worker.ts';
import { startTestApi, type TestApi } from './test-api.ts';

export interface HandApi {
  readonly server: TestRedis;
  readonly api: TestApi;
  readonly worker: HandWorker;
}

/** An API and a worker by hand on one Redis, for all tests of a file. They are there once its tests run. */
export function useHandApi(): HandApi {
  let server: TestRedis;
  let api: TestApi;
  let worker: HandWorker;
  beforeAll(async () => {
    server = await startTestRedis({ appendOnly: true });
    api = await startTestApi({}, server);
    worker = startHandWorker(server.url);
  });
  afterAll(async () => {
    await worker?.close();
    await api?.close();
    await server?.stop();
  });
  return {
    server: whenThere(() => server),
    api: whenThere(() => api),
    worker: whenThere(() => worker),
  };
}

/** Stands for what is made only before the first test. */
function whenThere<Part extends object>(find: () => Part): Part {
  return new Proxy({} as Part, { get: (_, name) => Reflect.get(find(), name) });
}
