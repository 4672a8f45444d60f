import { type RequestHandler, Router } from 'express';
import { API_ROUTES } from '../auth/routes.ts';
import { allowMethods } from '../http/allow-methods.ts';
import { Query } from '../http/query.ts';
import type { CurrentSpecSchema } from '../jobs/current-spec-schema.ts';
import { openApiDocument } from './document.ts';

/** `/openapi.json`: the API as a document, with the limits as they are. */
export function openApiRoutes(specSchema: CurrentSpecSchema): Router {
  const show: RequestHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    res.json(openApiDocument(API_ROUTES, await specSchema()));
  };

  const router = Router();
  router.route('/openapi.json').all(allowMethods('GET', 'HEAD')).get(show);
  return router;
}
