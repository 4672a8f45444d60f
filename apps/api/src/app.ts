import { jobSpecSchema, type Logger } from '@conjob/shared';
import express, { type Express } from 'express';
import type { ApiConfig } from './config.ts';
import { healthRoutes } from './health/health-routes.ts';
import type { Readiness } from './health/readiness.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import type { JobService } from './jobs/job-service.ts';
import { outputRoutes } from './jobs/output-routes.ts';
import { runRoutes } from './jobs/run-routes.ts';
import type { JobWaits } from './jobs/wait-for-job.ts';
import { answerErrors, noSuchPath } from './middleware/answer-errors.ts';
import { corsHeaders, refuseCrossSite } from './middleware/cross-origin.ts';
import { requestLog } from './middleware/request-log.ts';
import { securityHeaders } from './middleware/security-headers.ts';

export interface AppDependencies {
  readonly config: Pick<ApiConfig, 'host' | 'limits' | 'maxInputBytes' | 'corsOrigins'>;
  readonly logger: Logger;
  readonly jobs: JobService;
  readonly waits: JobWaits;
  readonly readiness: Pick<Readiness, 'fault'>;
}

/** The API as a request handler. Opens nothing. */
export function createApp({ config, logger, jobs, waits, readiness }: AppDependencies): Express {
  const { host, limits, maxInputBytes, corsOrigins } = config;
  const routes = { jobs, waits, maxInputBytes, specSchema: jobSpecSchema(limits) };
  const app = express();
  app.disable('x-powered-by');
  // What started a job must never be answered with 304, whatever If-None-Match asks: neither tags nor
  // 304 come from Express, only from a route that says so itself.
  app.disable('etag');
  Object.defineProperty(app.request, 'fresh', { value: false });
  // Queries are read by our own, strict reader.
  app.set('query parser', false);

  app.use(requestLog(logger), securityHeaders);
  app.use(healthRoutes(readiness));
  app.use(corsHeaders(corsOrigins), refuseCrossSite({ origins: corsOrigins, host }));
  app.use(runRoutes(routes), jobRoutes(routes), outputRoutes(routes));
  app.use(noSuchPath, answerErrors);
  return app;
}
