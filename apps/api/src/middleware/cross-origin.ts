import cors from 'cors';
import type { Request, RequestHandler } from 'express';
import { RequestError } from '../http/request-errors.ts';

const EXPOSED_HEADERS = [
  'Conjob-Conclusion',
  'Conjob-Error',
  'Conjob-Exit-Code',
  'Conjob-Job-Id',
  'Conjob-Output-Truncated',
  'ETag',
  'Idempotency-Replayed',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'X-B3-TraceId',
  'traceparent',
];

const PREFLIGHT_SECONDS = 600;
const TOKEN_HINT = 'Let the page send a token of its own, as Authorization: Bearer …, not a login.';

/** Lets pages of the named origins (`*`: of all) read answers, but for those that a login was needed for. */
export function corsHeaders(origins: readonly string[]): RequestHandler {
  if (origins.length === 0) return (_req, _res, next) => next();
  const addHeaders = cors({
    origin: origins.includes('*') ? '*' : [...origins],
    methods: ['GET', 'HEAD', 'POST', 'DELETE'],
    exposedHeaders: EXPOSED_HEADERS,
    maxAge: PREFLIGHT_SECONDS,
  });
  return (req, res, next) => (mayBeCachedLogin(req) ? next() : addHeaders(req, res, next));
}

/** What a browser calls this machine: nobody else can make these names lead here. */
const LOCAL_NAME = /^(?:(?:[\w-]+\.)*localhost|127(?:\.\d{1,3}){3}|\[::1\])$/i;

export interface CrossSiteOptions {
  /** Origins whose pages may start and change things; `*`: all. */
  readonly origins: readonly string[];
  /** The address that the API is reached at. */
  readonly host: string;
  /** What whoever is refused can do. */
  readonly hint: string;
}

/**
 * A web page must not start containers on its visitor's machine. Browsers send forms and plain GETs
 * across sites without asking first, so what would start or change something is refused here unless
 * the page's origin is named, and it does so in its own name. Clients that are no browser are not asked where they come from.
 *
 * A page can also let its own name lead to 127.0.0.1 (DNS rebinding), and is of the same origin then.
 * So where only this machine can reach the API, browsers have to call it by a name of this machine.
 */
export function refuseCrossSite({ origins, host, hint }: CrossSiteOptions): RequestHandler {
  const isLocal = LOCAL_NAME.test(host) || host === '::1';
  return (req, _res, next) => {
    if (isHarmless(req) || isNamed(req, origins)) return next();
    const isRebound = isLocal && isBrowser(req) && !isCalledByName(req, origins);
    if (!isRebound && !isCrossSite(req)) return next();
    throw new RequestError(
      'origin.forbidden',
      isRebound
        ? 'A browser may start or change anything here only by the name localhost or an address of this machine.'
        : 'A web page of another origin may not start or change anything here.',
      { hint: mayBeCachedLogin(req) ? TOKEN_HINT : hint },
    );
  };
}

function isHarmless(req: Request): boolean {
  if (req.method === 'OPTIONS') return true;
  const isRead = req.method === 'GET' || req.method === 'HEAD';
  return isRead && !/^\/job\/run\/?$/i.test(req.path);
}

/**
 * A login that a visitor once typed in is sent along by the browser with whatever any page asks for: it
 * says nothing of the page. A token does, as no browser sends one by itself.
 */
function mayBeCachedLogin({ headers }: Request): boolean {
  return /^(?!Bearer\b)./i.test(headers.authorization ?? '');
}

function isNamed(req: Request, origins: readonly string[]): boolean {
  if (mayBeCachedLogin(req)) return false;
  const origin = req.headers.origin;
  return origins.includes('*') || (origin !== undefined && origins.includes(origin));
}

/**
 * Over plain HTTP, under a name that is not of this machine, browsers leave out Sec-Fetch-*, and Origin
 * with a GET: there it is Accept-Language that tells, which no page can take away. `fetch` of Node
 * sends that too, but with Sec-Fetch-Mode.
 */
function isBrowser({ headers }: Request): boolean {
  return (
    headers.origin !== undefined ||
    headers['sec-fetch-site'] !== undefined ||
    (headers['accept-language'] !== undefined && headers['sec-fetch-mode'] === undefined)
  );
}

/** Whether the Host is a name of this machine, or that of a named origin. */
function isCalledByName(req: Request, origins: readonly string[]): boolean {
  const host = req.headers.host?.toLowerCase() ?? '';
  return (
    LOCAL_NAME.test(host.replace(/:\d*$/, '')) ||
    origins.some((origin) => URL.parse(origin)?.host === host)
  );
}

function isCrossSite(req: Request): boolean {
  const site = req.headers['sec-fetch-site'];
  if (site === 'cross-site' || site === 'same-site') return true;
  const origin = req.headers.origin;
  if (origin === undefined) return false;
  // `null` (a sandboxed page, a file) and anything else that is no URL has no host.
  const host = URL.parse(origin)?.host;
  return host === undefined || host !== req.headers.host?.toLowerCase();
}
