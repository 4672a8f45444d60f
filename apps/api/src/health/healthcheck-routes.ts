import type { WorkerInfo } from '@conjob/shared';
import { Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import type { Readiness } from './readiness.ts';

interface Dependencies {
  readonly readiness: Pick<Readiness, 'fault'>;
  readonly workers: { list(): Promise<readonly Pick<WorkerInfo, 'state'>[]> };
  readonly commit: string;
}

interface Check {
  readonly healthy: boolean;
  readonly message: string;
}

/** `/healthcheck`: whether all that a job needs is there. 200, or 500 when one of the checks fails. */
export function healthcheckRoutes({ readiness, workers, commit }: Dependencies): Router {
  const redis = async (): Promise<Check> => {
    const fault = await readiness.fault();
    return { healthy: fault === null, message: fault ?? 'It answers, and keeps what it is given.' };
  };

  const takers = async (): Promise<Check> => {
    try {
      const alive = (await workers.list()).filter(({ state }) => state !== 'lost');
      const ready = alive.filter(({ state }) => state === 'ready').length;
      const message = `${ready} of ${alive.length} workers take jobs.`;
      return { healthy: ready > 0, message };
    } catch {
      return { healthy: false, message: 'Unknown: only Redis knows them.' };
    }
  };

  const router = Router();
  router
    .route('/healthcheck')
    .all(allowMethods('GET', 'HEAD'))
    .get(async (_req, res) => {
      const checks = {
        version: { healthy: true, message: commit },
        redis: await redis(),
        workers: await takers(),
      };
      const isHealthy = Object.values(checks).every(({ healthy }) => healthy);
      res.status(isHealthy ? 200 : 500).json(checks);
    });
  return router;
}
