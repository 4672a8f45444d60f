import {
  InvalidImageReferenceError,
  MAX_SECRET_BYTES,
  parseImageReference,
  type SecretStatus,
  secretImage,
} from '@conjob/shared';
import { type Request, type RequestHandler, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { isoTime } from '../http/iso-time.ts';
import { Query } from '../http/query.ts';
import { bodyOf, ignoreBody, readBody } from '../http/read-body.ts';
import { invalidFields, RequestError } from '../http/request-errors.ts';
import type { SecretService } from './secret-service.ts';

/** `/secrets?image=…`: the file that jobs of an image find. What is in it is never answered. */
export function secretRoutes(secrets: SecretService): Router {
  const set: RequestHandler = async (req, res) => {
    const image = imageOf(req);
    const content = bodyOf(req);
    if (content.length === 0) {
      throw new RequestError('secret.empty', 'The body is the secret, and it is empty.', {
        hint: 'To remove a secret, use DELETE.',
      });
    }
    res.json(view(image, await secrets.set(image, content)));
  };

  const show: RequestHandler = async (req, res) => {
    const image = imageOf(req);
    res.json(view(image, await secrets.status(image)));
  };

  const remove: RequestHandler = async (req, res) => {
    await secrets.remove(imageOf(req));
    res.status(204).end();
  };

  const router = Router();
  router
    .route('/secrets')
    .all(allowMethods('GET', 'HEAD', 'POST', 'DELETE'))
    .get(show)
    .post(readBody(MAX_SECRET_BYTES), set)
    .delete(ignoreBody, remove);
  return router;
}

function imageOf(req: Request): string {
  const query = new Query(req.originalUrl, ['image']);
  const text = query.text('image');
  query.throwIfWrong();
  const wrong = (message: string) => invalidFields([{ path: 'image', message }]);
  if (text === undefined) throw wrong('An image is required.');
  try {
    const reference = parseImageReference(text);
    const image = secretImage(reference);
    if (image !== null && reference.digest === undefined) return image;
  } catch (error) {
    if (error instanceof InvalidImageReferenceError) throw wrong(error.message);
    throw error;
  }
  throw wrong('A secret belongs to a repository and a tag: leave out the digest.');
}

function view(image: string, status: SecretStatus | null): object {
  return { image, set: status !== null, since: isoTime(status?.createdAt ?? null) };
}
