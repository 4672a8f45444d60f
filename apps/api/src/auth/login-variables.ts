import { type Complaint, isLoopback, missingHalf, publishedHost } from '@conjob/shared';
import { z } from 'zod';
import { type BasicLogin, basicLogin } from './basic-login.ts';

/** More than anybody types, and far below what the headers of a request may have. */
const MAX_BYTES = 1024;

const text = z
  .string()
  .min(1, 'Must not be empty. Leave the variable out where no login is wanted.')
  .refine((value) => Buffer.byteLength(value) <= MAX_BYTES, {
    error: `Must have at most ${MAX_BYTES} bytes.`,
    abort: true,
  })
  .regex(/^\P{Cc}*$/u, 'Must not contain control characters.');

export const username = text.regex(/^[^:]*$/, 'Must not contain a colon.').optional();
export const password = text.optional();

export const LOGIN_VARIABLES = [
  'AUTH_USERNAME',
  'AUTH_PASSWORD',
  'ADMIN_USERNAME',
  'ADMIN_PASSWORD',
] as const;

type LoginVariable = (typeof LOGIN_VARIABLES)[number];

export interface LoginEnvironment
  extends Readonly<Partial<Record<LoginVariable, string | undefined>>> {
  readonly HOST: string;
  readonly PUBLISHED_AT?: string | undefined;
  readonly ADMIN_PUBLISHED_AT?: string | undefined;
  readonly ALLOW_UNAUTHENTICATED: 'true' | 'false';
}

/** Half a login is none, and a port that others reach needs one. */
export function loginComplaints(env: LoginEnvironment): Complaint[] {
  const halves = [
    ...missingHalf(env, 'AUTH_USERNAME', 'AUTH_PASSWORD'),
    ...missingHalf(env, 'ADMIN_USERNAME', 'ADMIN_PASSWORD'),
  ];
  if (halves.length > 0 || env.ALLOW_UNAUTHENTICATED === 'true') return halves;
  const hosts = hostsOf(env);
  return [
    ...openToAll(hosts.api, 'AUTH', env.AUTH_USERNAME),
    ...openToAll(hosts.admin, 'ADMIN', env.ADMIN_USERNAME),
  ];
}

/** Where each port is really reached: in a container HOST only says which of its own networks may. */
export function hostsOf(env: LoginEnvironment): { readonly api: string; readonly admin: string } {
  const { HOST, PUBLISHED_AT, ADMIN_PUBLISHED_AT } = env;
  return {
    api: PUBLISHED_AT === undefined ? HOST : publishedHost(PUBLISHED_AT),
    admin: ADMIN_PUBLISHED_AT === undefined ? HOST : publishedHost(ADMIN_PUBLISHED_AT),
  };
}

/** Null where there is none. */
export function loginOf(name: string | undefined, word: string | undefined): BasicLogin | null {
  return name === undefined || word === undefined ? null : basicLogin(name, word);
}

function openToAll(host: string, prefix: string, given: string | undefined): Complaint[] {
  if (given !== undefined || isLoopback(host)) return [];
  const port = prefix === 'AUTH' ? 'the API' : 'the admin port';
  const message = `Must be set, with ${prefix}_PASSWORD: other machines reach ${port} at ${host}. ALLOW_UNAUTHENTICATED=true lets everybody in.`;
  return [{ variable: `${prefix}_USERNAME`, message }];
}
