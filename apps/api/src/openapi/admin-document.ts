import { ADMIN_ROUTES } from '../auth/routes.ts';
import { ADMIN_OPERATIONS } from './admin-operations.ts';
import { ADMIN_SCHEMAS } from './admin-schemas.ts';
import { type OpenApiDocument, openApiDocument } from './document.ts';
import { namedSchemas } from './schemas.ts';
import { SHARED_OPERATIONS } from './shared-operations.ts';

/** The admin port. */
export function adminDocument(routes = ADMIN_ROUTES): OpenApiDocument {
  return openApiDocument({
    title: 'ConJob: admin port',
    description:
      'What operators do and watch. Credentials are needed where the admin port was given a login; else everybody may do all of this.',
    routes,
    operations: { ...ADMIN_OPERATIONS, ...SHARED_OPERATIONS },
    schemas: namedSchemas(ADMIN_SCHEMAS),
    loginRole: 'admin',
  });
}
