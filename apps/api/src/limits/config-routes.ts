import { isUtf8 } from 'node:buffer';
import { LIMIT_NAMES, LIMITS, type Limits, type LimitValues } from '@conjob/shared';
import { type Request, type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { Query } from '../http/query.ts';
import { bodyOf, readBody } from '../http/read-body.ts';
import { RequestError } from '../http/request-errors.ts';
import { configKey, limitsForm } from './config-keys.ts';

/** More than all keys with their longest values take. */
const MAX_BODY_BYTES = 4096;
const FORM_TYPE = /^application\/x-www-form-urlencoded\s*(;|$)/i;

/**
 * `/tasks/config`: sets limits for all processes at once, all that are given or none. The answer is
 * what was before, and sets that again when it is sent back.
 */
export function configRoutes(limits: Pick<Limits, 'change'>): Router {
  const change: RequestHandler = async (req, res) => {
    const before = await limits.change(readChanges(req));
    res.type('text/plain').send(limitsForm(before));
  };

  const router = Router();
  router.route('/tasks/config').all(allowMethods('POST')).post(readBody(MAX_BODY_BYTES), change);
  return router;
}

function readChanges(req: Request): Partial<LimitValues> {
  const query = new Query(withForm(req), LIMIT_NAMES.map(configKey));
  const changes = LIMIT_NAMES.flatMap((name) => {
    const { least, most } = LIMITS[name];
    const value = query.integerWithin(configKey(name), least, most);
    return value === undefined ? [] : [[name, value]];
  });
  query.throwIfWrong();
  return Object.fromEntries(changes);
}

/** The URL with what the form says as well, so that one reader sees what is in both. */
function withForm(req: Request): string {
  const { originalUrl: url } = req;
  const body = bodyOf(req);
  if (body.length === 0) return url;
  const type = req.get('content-type');
  if (type !== undefined && !FORM_TYPE.test(type)) {
    throw new RequestError(
      'request.unsupported_media_type',
      'Limits are sent in the query or as a form: KEY=VALUE&KEY=VALUE.',
      { hint: 'Use Content-Type: application/x-www-form-urlencoded.' },
    );
  }
  if (!isUtf8(body)) throw new RequestError('request.malformed', 'A form must be UTF-8 text.');
  return `${url}${url.includes('?') ? '&' : '?'}${body.toString('utf8')}`;
}
