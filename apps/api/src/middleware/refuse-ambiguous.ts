import type { IncomingMessage } from 'node:http';
import type { RequestHandler } from 'express';
import { refuseFurther } from '../http/refused-connections.ts';
import { RequestError } from '../http/request-errors.ts';

/** Browsers and proxies send some twenty. */
const MAX_HEADERS = 100;
/** Where two of them came, another reader may believe the other one. Two Authorizations are refused with 401. */
const SINGLE = new Set(['host', 'content-type']);

/**
 * Refuses what Node's parser lets through, and a proxy before it may read in another way: whoever can let two
 * readers see different requests on one connection can smuggle in one that nobody has checked
 * (RFC 9112, 11.2). The connection ends with the answer.
 */
export const refuseAmbiguous: RequestHandler = (req, _res, next) => {
  const complaint = complaintOf(req);
  const hasTooMany = req.rawHeaders.length / 2 > MAX_HEADERS;
  if (complaint === undefined && !hasTooMany) return next();
  refuseFurther(req);
  const headers = { Connection: 'close' };
  throw complaint === undefined
    ? new RequestError('request.headers_too_large', `At most ${MAX_HEADERS} headers are read.`, {
        headers,
      })
    : new RequestError('request.malformed', complaint, { headers });
};

/** Why a request can be read in two ways; undefined when it can not. */
function complaintOf(req: IncomingMessage): string | undefined {
  const { httpVersion: version, headers } = req;
  if (version !== '1.1' && version !== '1.0') return `HTTP/${version} is not spoken here.`;
  const encoding = headers['transfer-encoding'];
  // Whoever takes one of these for no encoding, or for another one, finds another end of the body.
  if (encoding !== undefined && encoding.toLowerCase() !== 'chunked') {
    return 'The only Transfer-Encoding is chunked.';
  }
  if (encoding !== undefined && version === '1.0') return 'HTTP/1.0 has no Transfer-Encoding.';
  const doubled = doubledOf(req.rawHeaders);
  if (doubled !== undefined) return `The header ${doubled} must be sent once.`;
  // RFC 9112, 3.2. Only who speaks HTTP/1.0 may leave it out.
  if (headers.host === undefined && version === '1.1') return 'The header Host is required.';
  return undefined;
}

/** Names and values take turns in it. */
function doubledOf(rawHeaders: readonly string[]): string | undefined {
  const seen = new Set<string>();
  return rawHeaders.find((text, index) => {
    const name = text.toLowerCase();
    if (index % 2 === 1 || !SINGLE.has(name)) return false;
    if (seen.has(name)) return true;
    seen.add(name);
    return false;
  });
}
