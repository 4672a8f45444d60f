import { type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { isoTime } from '../http/iso-time.ts';
import { Query } from '../http/query.ts';
import { ignoreBody } from '../http/read-body.ts';
import { RequestError } from '../http/request-errors.ts';
import { ROLES } from './role.ts';
import type { TokenInfo, Tokens } from './tokens.ts';

export const TOKEN_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/;
/** Ten years. */
export const MAX_EXPIRY_SECONDS = 10 * 365 * 24 * 3600;

/** `/tokens`: make, list and revoke tokens, for operators. */
export function tokenRoutes(tokens: Tokens): Router {
  const create: RequestHandler = async (req, res) => {
    const query = new Query(req.originalUrl, ['name', 'role', 'expiresInSeconds']);
    const name = query.text('name') ?? '';
    const role = query.oneOf('role', ROLES);
    const expiresInSeconds = query.integerWithin('expiresInSeconds', 1, MAX_EXPIRY_SECONDS);
    if (!TOKEN_NAME.test(name)) {
      const message = 'Must be 1 to 63 of a-z A-Z 0-9 _ . -, and begin with a letter or digit.';
      query.errors.push({ path: 'name', message });
    }
    if (!query.has('role')) {
      query.errors.push({ path: 'role', message: `Must be one of ${ROLES.join(', ')}.` });
    }
    query.throwIfWrong();
    if (role === undefined) return;
    const made = await tokens.create(name, role, expiresInSeconds ?? null);
    if (made === null) {
      throw new RequestError('token.exists', `There is a token with the name ${name}.`, {
        hint: `Choose another name, or revoke that one: DELETE /tokens/${name}.`,
      });
    }
    res.status(201).json({ ...viewToken(made.info), token: made.token });
  };

  const list: RequestHandler = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    res.json({ tokens: (await tokens.list()).map(viewToken) });
  };

  const revoke: RequestHandler<{ name: string }> = async (req, res) => {
    new Query(req.originalUrl, []).throwIfWrong();
    if (!(await tokens.revoke(req.params.name))) {
      throw new RequestError('token.not_found', 'There is no token of this name.', {
        hint: 'GET /tokens lists them.',
      });
    }
    res.status(204).end();
  };

  const router = Router();
  router
    .route('/tokens')
    .all(allowMethods('GET', 'HEAD', 'POST'))
    .get(list)
    .post(ignoreBody, create);
  router.route('/tokens/:name').all(allowMethods('DELETE')).delete(ignoreBody, revoke);
  return router;
}

function viewToken({ name, role, createdAt, expiresAt, lastUsedAt }: TokenInfo) {
  return {
    name,
    role,
    createdAt: isoTime(createdAt),
    expiresAt: isoTime(expiresAt),
    lastUsedAt: isoTime(lastUsedAt),
  };
}
