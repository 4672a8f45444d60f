import { Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import type { Readiness } from './readiness.ts';

/** `/livez`: the process runs. `/readyz`: it can also take jobs. */
export function healthRoutes(readiness: Pick<Readiness, 'fault'>): Router {
  const router = Router();
  router
    .route('/livez')
    .all(allowMethods('GET', 'HEAD'))
    .get((_req, res) => {
      res.json({ live: true });
    });
  router
    .route('/readyz')
    .all(allowMethods('GET', 'HEAD'))
    .get(async (_req, res) => {
      const reason = await readiness.fault();
      if (reason === null) res.json({ ready: true });
      else res.status(503).set('Retry-After', '2').json({ ready: false, reason });
    });
  return router;
}
