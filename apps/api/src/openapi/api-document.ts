import type { JobSpecSchema } from '@conjob/shared';
import { API_ROUTES } from '../auth/routes.ts';
import { API_OPERATIONS } from './api-operations.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import { jobOperations } from './job-operations.ts';
import { API_SCHEMAS, namedSchemas } from './schemas.ts';
import { SHARED_OPERATIONS } from './shared-operations.ts';

/** The port of the API. The schema of a job spec is the one that requests are checked by, with its limits. */
export function apiDocument(specSchema: JobSpecSchema, routes = API_ROUTES): OpenApiDocument {
  const schemas = namedSchemas({ ...API_SCHEMAS, JobSpec: specSchema });
  return openApiDocument({
    title: 'ConJob',
    description:
      'docker run, as a service. Credentials are needed where the API was given a login; else everybody may do all of this.',
    routes,
    operations: { ...jobOperations(schemas), ...API_OPERATIONS, ...SHARED_OPERATIONS },
    schemas,
    loginRole: 'submit',
  });
}
