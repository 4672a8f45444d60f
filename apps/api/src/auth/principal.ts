import type { RequestHandler, Response } from 'express';
import type { Role } from './role.ts';

/** Who sent a request. */
export interface Principal {
  /** For logs: `user NAME`, `token NAME`; null where the port asks nobody who they are. */
  readonly name: string | null;
  readonly role: Role;
}

/** On a port without credentials, which only this machine reaches, everybody may do everything. */
const ANYBODY: Principal = { name: null, role: 'admin' };

export const asAnybody: RequestHandler = (_req, res, next) => {
  setPrincipal(res, ANYBODY);
  next();
};

/** Where `res.locals` has it. */
const KEY = 'principal';

function setPrincipal(res: Response, principal: Principal): void {
  res.locals[KEY] = principal;
}

/** Throws when nobody has looked who sent this request. */
export function principalOf(res: Response): Principal {
  const principal = res.locals[KEY] as Principal | undefined;
  if (principal === undefined) throw new Error('Nobody has looked who sent this request.');
  return principal;
}
