import { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type NextFunction, type RequestHandler, type Response, Router } from 'express';
import { allowMethods } from '../http/allow-methods.ts';
import { RequestError } from '../http/request-errors.ts';

/** Beside the source, and beside the bundle in an image. */
const PAGE = fileURLToPath(new URL('./page', import.meta.url));
const SWAGGER_UI = dirname(createRequire(import.meta.url).resolve('swagger-ui-dist/package.json'));

const FOLDERS: Readonly<Record<string, string>> = {
  'index.html': PAGE,
  'page.css': PAGE,
  'page.js': PAGE,
  'swagger-ui.css': SWAGGER_UI,
  'swagger-ui-bundle.js': SWAGGER_UI,
};

/** Nothing from elsewhere, nothing inline, in no frame. Pictures within style sheets are data. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/docs`: a page on which to read and try the API. Its files are the same for everybody, and tell nothing of this one. */
export function docsRoutes(): Router {
  const sendPage: RequestHandler = (req, res, next) => {
    // What the page names is found beside it.
    if (req.path.endsWith('/')) return void res.status(308).location('../docs').end();
    send('index.html', res, next);
  };

  const sendPart: RequestHandler<{ file: string }> = (req, res, next) => {
    const { file } = req.params;
    const isPart = Object.hasOwn(FOLDERS, file) && file !== 'index.html';
    if (isPart) send(file, res, next);
    else throw new RequestError('path.not_found', `There is nothing at ${req.path}.`);
  };

  const router = Router();
  router.route('/docs').all(allowMethods('GET', 'HEAD')).get(sendPage);
  router.route('/docs/:file').all(allowMethods('GET', 'HEAD')).get(sendPart);
  return router;
}

function send(file: string, res: Response, next: NextFunction): void {
  res.set({
    'Content-Security-Policy': POLICY,
    'Referrer-Policy': 'no-referrer',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    // They change with the version only: a browser asks whether they have.
    'Cache-Control': 'no-cache',
  });
  const options = { root: FOLDERS[file], cacheControl: false, acceptRanges: false };
  res.sendFile(file, options, (error) => {
    if (error !== undefined && !res.headersSent) next(error);
  });
}
