import createClient, { type Client } from 'openapi-fetch';
import type { paths as AdminPaths } from './generated/admin.ts';
import type { paths as ApiPaths } from './generated/api.ts';

/** A token, or the login of the port. */
export type Credentials =
  | { readonly token: string }
  | { readonly username: string; readonly password: string };

export interface ClientOptions {
  /** The address of the port, with nothing behind it but a prefix that a proxy may have: `http://localhost:8080`. */
  readonly baseUrl: string;
  /** Left out where the port asks nobody who they are. */
  readonly credentials?: Credentials;
  /** Instead of the global one. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

/** JSON is asked for wherever there is any, so these are what data and errors are typed by. */
type Json = 'application/json' | 'application/problem+json';

/** The API port: one method per HTTP method, each with the paths, parameters and answers of the document. */
export type ConJobClient = Client<ApiPaths, Json>;
/** The admin port. */
export type ConJobAdminClient = Client<AdminPaths, Json>;

/** A client of the API port. Opens nothing before the first call. */
export function createConJobClient(options: ClientOptions): ConJobClient {
  return createClient<ApiPaths, Json>(settings(options));
}

/** A client of the admin port. */
export function createConJobAdminClient(options: ClientOptions): ConJobAdminClient {
  return createClient<AdminPaths, Json>(settings(options));
}

function settings({
  baseUrl,
  credentials,
  fetch = (request) => globalThis.fetch(request),
}: ClientOptions) {
  const authorization = credentials && { Authorization: authorize(credentials) };
  // `/job/run` answers text unless it is asked for JSON, and output is of other types.
  const headers = { Accept: 'application/json, */*;q=0.5', ...authorization };
  return { baseUrl, headers, fetch, bodySerializer: asItIs };
}

/** Text and bytes are input, sent as they are. Everything else is JSON. */
function asItIs(body: unknown): unknown {
  const isInput = typeof body === 'string' || body instanceof Uint8Array || body instanceof Blob;
  return isInput ? body : JSON.stringify(body);
}

function authorize(credentials: Credentials): string {
  if ('token' in credentials) return `Bearer ${credentials.token}`;
  const login = new TextEncoder().encode(`${credentials.username}:${credentials.password}`);
  return `Basic ${btoa(String.fromCharCode(...login))}`;
}
