import type { Limits } from '@conjob/shared';
import type { Express } from 'express';
import { authenticate } from './auth/authenticate.ts';
import { guardRoutes } from './auth/guard-routes.ts';
import { GuessBrake } from './auth/guess-brake.ts';
import { ADMIN_ROUTES } from './auth/routes.ts';
import { checkAllListed } from './auth/served-routes.ts';
import { tokenRoutes } from './auth/token-routes.ts';
import { TokenWatch } from './auth/token-watch.ts';
import type { Tokens } from './auth/tokens.ts';
import { type BaseDependencies, createBaseApp } from './base-app.ts';
import type { ApiConfig } from './config.ts';
import { errorPageRoutes } from './docs/error-page.ts';
import { healthcheckRoutes } from './health/healthcheck-routes.ts';
import { allowMethods } from './http/allow-methods.ts';
import { configRoutes } from './limits/config-routes.ts';
import { type MetricsDependencies, metricsRoutes } from './metrics/metrics-routes.ts';
import { answerErrors } from './middleware/answer-errors.ts';
import { refuseCrossSite } from './middleware/cross-origin.ts';
import { adminDocument } from './openapi/admin-document.ts';
import { openApiRoutes } from './openapi/openapi-routes.ts';
import type { VolumeRemovals } from './volumes/volume-removals.ts';
import { volumeRoutes } from './volumes/volume-routes.ts';
import { drainRoutes } from './workers/drain-routes.ts';
import { workerRoutes } from './workers/worker-routes.ts';
import type { WorkerService } from './workers/worker-service.ts';

export interface AdminAppDependencies extends BaseDependencies, MetricsDependencies {
  readonly config: Pick<ApiConfig, 'reachedAt' | 'logins' | 'loginFailuresPerMinute'>;
  readonly tokens: Tokens;
  readonly workers: WorkerService;
  readonly volumes: VolumeRemovals;
  readonly limits: Limits;
  /** That this process was made from. */
  readonly commit: string;
  readonly closing: AbortSignal;
}

/** The admin port as a request handler. Opens nothing. */
export function createAdminApp(dependencies: AdminAppDependencies): Express {
  const { config, tokens, workers, limits } = dependencies;
  const brake = new GuessBrake({ perMinute: config.loginFailuresPerMinute });
  const watch = new TokenWatch(tokens, dependencies.logger);
  const app = createBaseApp(dependencies);
  // Origins that may start jobs may not administer workers: there is no page that may.
  app.use(
    refuseCrossSite({
      origins: [],
      host: config.reachedAt.admin,
      hint: 'Use a client such as curl.',
    }),
  );
  app.use(
    guardRoutes(ADMIN_ROUTES, {
      identify: authenticate({ login: config.logins.admin, role: 'admin', tokens, brake, watch }),
      hint: 'The API is on another port; here is /workers.',
    }),
  );
  app
    .route('/ping')
    .all(allowMethods('GET', 'HEAD'))
    .get((_req, res) => {
      res.type('text/plain').send('pong');
    });
  app.use(workerRoutes(workers), drainRoutes(dependencies), tokenRoutes(tokens));
  app.use(volumeRoutes(dependencies), configRoutes(limits), healthcheckRoutes(dependencies));
  app.use(
    metricsRoutes(dependencies),
    openApiRoutes(() => adminDocument()),
    errorPageRoutes(),
  );
  app.use(answerErrors);
  checkAllListed(app, ADMIN_ROUTES);
  return app;
}
