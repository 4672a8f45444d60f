import type { Logger } from '@conjob/shared';
import express, { type Express } from 'express';
import { healthRoutes } from './health/health-routes.ts';
import type { Readiness } from './health/readiness.ts';
import { refuseAmbiguous } from './middleware/refuse-ambiguous.ts';
import { requestLog } from './middleware/request-log.ts';
import { securityHeaders } from './middleware/security-headers.ts';

export interface BaseDependencies {
  readonly logger: Logger;
  readonly readiness: Pick<Readiness, 'fault'>;
}

/** What the API and the admin port have in common, before anything of their own. */
export function createBaseApp({ logger, readiness }: BaseDependencies): Express {
  const app = express();
  app.disable('x-powered-by');
  // What started a job must never be answered with 304, whatever If-None-Match asks: neither tags nor
  // 304 come from Express, only from a route that says so itself.
  app.disable('etag');
  Object.defineProperty(app.request, 'fresh', { value: false });
  // Queries are read by our own, strict reader.
  app.set('query parser', false);
  app.use(requestLog(logger), securityHeaders, refuseAmbiguous, healthRoutes(readiness));
  return app;
}
