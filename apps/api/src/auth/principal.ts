import type { Response } from 'express';
import type { Role } from './role.ts';

/** Who sent a request. */
export interface Principal {
  /** For logs: `user NAME`, `token NAME`; null where the port asks nobody who they are. */
  readonly name: string | null;
  readonly role: Role;
}

/** On a port without credentials, which only this machine reaches, everybody may do everything. */
export const ANYBODY: Principal = { name: null, role: 'admin' };

/** Where `res.locals` has it. */
const KEY = 'principal';

export function setPrincipal(res: Response, principal: Principal): void {
  res.locals[KEY] = principal;
}

/** Undefined while nobody has looked who sent this request, and for one that was refused. */
export function findPrincipal(res: Response): Principal | undefined {
  return res.locals[KEY] as Principal | undefined;
}

/** Throws when nobody has looked who sent this request. */
export function principalOf(res: Response): Principal {
  const principal = findPrincipal(res);
  if (principal === undefined) throw new Error('Nobody has looked who sent this request.');
  return principal;
}
