import { countJobs, type Limits, Lines, readJobTotals, type WorkerInfo } from '@conjob/shared';
import { Router } from 'express';
import type { Redis } from 'ioredis';
import { Registry } from 'prom-client';
import { allowMethods } from '../http/allow-methods.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { type ServiceFacts, serviceMetrics } from './service-metrics.ts';

export interface MetricsDependencies {
  readonly redis: Redis;
  readonly limits: Pick<Limits, 'current'>;
  readonly workers: { list(): Promise<WorkerInfo[]> };
  readonly metrics: Pick<ProcessMetrics, 'text'>;
}

/** `/metrics`, as Prometheus reads it. 200 also while Redis is away: whoever watches wants to know just that. */
export function metricsRoutes({ redis, limits, workers, metrics }: MetricsDependencies): Router {
  const lines = new Lines(redis);
  const readFacts = async (): Promise<ServiceFacts> => {
    const [totals, counts, groups, current, list] = await Promise.all([
      readJobTotals(redis),
      countJobs(redis),
      lines.groups(),
      limits.current(),
      workers.list(),
    ]);
    return { totals, counts, groups, limits: current, workers: list };
  };

  const router = Router();
  router
    .route('/metrics')
    .all(allowMethods('GET', 'HEAD'))
    .get(async (_req, res) => {
      const facts = await readFacts().catch(() => null);
      const parts = await Promise.all([serviceMetrics(facts), metrics.text()]);
      res.set('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE).send(parts.join('\n'));
    });
  return router;
}
