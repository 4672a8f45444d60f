import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { Query } from '../http/query.ts';
import type { OpenApiDocument } from './document.ts';

/** `/openapi.json`: what this port offers, as a document that is made anew for each request. */
export function openApiRoutes(make: () => OpenApiDocument | Promise<OpenApiDocument>): Router {
  const show: RequestHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    res.json(await make());
  };

  const router = Router();
  router.route('/openapi.json').all(allowMethods('GET', 'HEAD')).get(show);
  return router;
}
