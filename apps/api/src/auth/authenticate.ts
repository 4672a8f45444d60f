import type { Request, RequestHandler, Response } from 'express';
import { RequestError } from '../http/request-errors.ts';
import { type BasicLogin, isLogin } from './basic-login.ts';
import { readCredentials } from './credentials.ts';
import type { GuessBrake } from './guess-brake.ts';
import {
  ANYBODY,
  type Principal,
  setPrincipal,
  tokenPrincipal,
  userPrincipal,
} from './principal.ts';
import type { Role } from './role.ts';
import type { TokenWatch } from './token-watch.ts';
import type { Tokens } from './tokens.ts';

export interface AuthenticateOptions {
  /** Null: this port asks nobody who they are. */
  readonly login: BasicLogin | null;
  /** What whoever has the login may do. */
  readonly role: Role;
  readonly tokens: Pick<Tokens, 'find'>;
  readonly brake: GuessBrake;
  readonly watch: TokenWatch;
}

/** Both lines in every 401; browsers take them in this order, and some only read the first. */
const CHALLENGES = ['Basic realm="ConJob", charset="UTF-8"', 'Bearer realm="ConJob"'];

/**
 * Finds out who sent a request, by the login of the port or a token, and refuses everybody else: with one
 * and the same answer, whatever was wrong, but for addresses that send too many wrong passwords. A token that
 * can't be looked up, since Redis is away, is no reason to let anybody in: the answer is 503.
 */
export function authenticate(options: AuthenticateOptions): RequestHandler {
  const { login } = options;
  return async (req, res, next) => {
    const principal = login === null ? ANYBODY : await identify(req, res, { ...options, login });
    if (principal === null) throw unauthenticated();
    setPrincipal(res, principal);
    next();
  };
}

async function identify(
  req: Request,
  res: Response,
  { login, role, tokens, brake, watch }: AuthenticateOptions & { readonly login: BasicLogin },
): Promise<Principal | null> {
  const credentials = readCredentials(req);
  if (credentials === null) return null;
  if (credentials.scheme === 'basic') {
    const { remoteAddress } = req.socket;
    const isRight = await brake.judge(remoteAddress, () => isLogin(login, credentials.sent));
    return isRight ? userPrincipal(login.username, role) : null;
  }
  // Nobody guesses one of these.
  const token = await tokens.find(credentials.token);
  if (token === null) return null;
  watch.add(credentials.token, res);
  return tokenPrincipal(token);
}

function unauthenticated(): RequestError {
  return new RequestError('auth.required', 'This needs a login or a token that is valid here.', {
    hint: 'Send it as Authorization: Basic … (curl --user NAME) or Authorization: Bearer ….',
    headers: { 'WWW-Authenticate': CHALLENGES },
  });
}
