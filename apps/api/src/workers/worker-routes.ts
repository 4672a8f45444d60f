import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { Query } from '../http/query.ts';
import type { WorkerService } from './worker-service.ts';
import { viewWorker } from './worker-view.ts';

/** `/workers`: who runs jobs, and how it fares. */
export function workerRoutes(workers: WorkerService): Router {
  const list: RequestHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    res.json({ workers: (await workers.list()).map(viewWorker) });
  };

  const show: RequestHandler<{ name: string }> = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    res.json(viewWorker(await workers.find(req.params.name)));
  };

  const router = Router();
  router.route('/workers').all(allowMethods('GET', 'HEAD')).get(list);
  router.route('/workers/:name').all(allowMethods('GET', 'HEAD')).get(show);
  return router;
}
