import type { IncomingMessage } from 'node:http';

/** What a request says of who sent it. */
export type Credentials =
  | { readonly scheme: 'basic'; readonly sent: Buffer }
  | { readonly scheme: 'bearer'; readonly token: string };

const BASIC = /^Basic +([A-Za-z0-9+/]+={0,2})$/i;
const BEARER = /^Bearer +([\w.~+/-]+=*)$/i;

/**
 * The credentials of a request (RFC 7617, RFC 6750); null when it has none, or none that can be read. Of
 * two headers Node would take the first and a proxy before it maybe the other one: neither counts.
 */
export function readCredentials({
  headersDistinct,
}: Pick<IncomingMessage, 'headersDistinct'>): Credentials | null {
  const [header, ...others] = headersDistinct['authorization'] ?? [];
  if (header === undefined || others.length > 0) return null;
  const basic = BASIC.exec(header)?.[1];
  if (basic !== undefined) return { scheme: 'basic', sent: Buffer.from(basic, 'base64') };
  const token = BEARER.exec(header)?.[1];
  return token === undefined ? null : { scheme: 'bearer', token };
}
