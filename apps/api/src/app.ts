import type { Limits } from '@conjob/shared';
import type { Express } from 'express';
import { authenticate } from './auth/authenticate.ts';
import { guardRoutes } from './auth/guard-routes.ts';
import { GuessBrake } from './auth/guess-brake.ts';
import { API_ROUTES } from './auth/routes.ts';
import { checkAllListed } from './auth/served-routes.ts';
import { TokenWatch } from './auth/token-watch.ts';
import type { Tokens } from './auth/tokens.ts';
import { type BaseDependencies, createBaseApp } from './base-app.ts';
import type { ApiConfig } from './config.ts';
import { docsRoutes } from './docs/docs-routes.ts';
import { errorPageRoutes } from './docs/error-page.ts';
import { eventRoutes } from './follow/event-routes.ts';
import type { FollowDependencies } from './follow/follow-job.ts';
import type { AbandonedJobs } from './jobs/abandoned-jobs.ts';
import { CurrentSpecSchema } from './jobs/current-spec-schema.ts';
import { jobRoutes } from './jobs/job-routes.ts';
import type { JobService } from './jobs/job-service.ts';
import { outputRoutes } from './jobs/output-routes.ts';
import { runRoutes } from './jobs/run-routes.ts';
import type { JobWaits } from './jobs/wait-for-job.ts';
import { answerErrors } from './middleware/answer-errors.ts';
import { corsHeaders, refuseCrossSite } from './middleware/cross-origin.ts';
import { cutOffStalledClients } from './middleware/stalled-clients.ts';
import { apiDocument } from './openapi/api-document.ts';
import { openApiRoutes } from './openapi/openapi-routes.ts';
import { secretRoutes } from './secrets/secret-routes.ts';
import type { SecretService } from './secrets/secret-service.ts';
import { workerRoutes } from './workers/worker-routes.ts';
import type { WorkerService } from './workers/worker-service.ts';

export interface AppDependencies extends BaseDependencies {
  readonly config: Pick<
    ApiConfig,
    | 'reachedAt'
    | 'logins'
    | 'loginFailuresPerMinute'
    | 'limits'
    | 'maxInputBytes'
    | 'corsOrigins'
    | 'clientStallMs'
  >;
  readonly tokens: Pick<Tokens, 'find'>;
  readonly jobs: JobService;
  readonly waits: JobWaits;
  readonly abandoned: AbandonedJobs;
  readonly follow: FollowDependencies;
  readonly workers: WorkerService;
  readonly secrets: SecretService;
  readonly limits: Pick<Limits, 'current'>;
}

/** The API as a request handler. Opens nothing. */
export function createApp(dependencies: AppDependencies): Express {
  const { config, tokens, jobs, waits, abandoned, follow, workers, secrets, limits } = dependencies;
  const { reachedAt, logins, maxInputBytes, corsOrigins: origins } = config;
  const specSchema = new CurrentSpecSchema(limits, config.limits);
  const routes = { jobs, waits, abandoned, follow, maxInputBytes, specSchema };
  const brake = new GuessBrake({ perMinute: config.loginFailuresPerMinute });
  const watch = new TokenWatch(tokens, dependencies.logger);
  const app = createBaseApp(dependencies);
  const hint = 'Name its origin in CORS_ORIGINS.';
  app.use(corsHeaders(origins), refuseCrossSite({ origins, host: reachedAt.api, hint }));
  app.use(
    guardRoutes(API_ROUTES, {
      identify: authenticate({ login: logins.api, role: 'submit', tokens, brake, watch }),
      hint: 'Run a job with /job/run?image=…, see /jobs, or read /docs.',
    }),
  );
  app.use(cutOffStalledClients(config.clientStallMs));
  app.use(runRoutes(routes), jobRoutes(routes), outputRoutes(routes), eventRoutes(routes));
  app.use(workerRoutes(workers), secretRoutes(secrets));
  app.use(
    openApiRoutes(async () => apiDocument(await specSchema.current())),
    errorPageRoutes(),
    docsRoutes(),
  );
  app.use(answerErrors);
  checkAllListed(app, API_ROUTES);
  return app;
}
