import { DEFAULT_GROUP, GROUP } from '@conjob/shared';
import type { Response } from 'express';
import type { Role } from './role.ts';

/** Who sent a request. */
export interface Principal {
  /** For logs: `user NAME`, `token NAME`; null where the port asks nobody who they are. */
  readonly name: string | null;
  readonly role: Role;
  /** Of its jobs, unless they name one. */
  readonly group: string;
  /** Whether its jobs may be of any group: it stands for several callers. */
  readonly namesGroups: boolean;
}

/** On a port without credentials, which only this machine reaches, everybody may do everything. */
export const ANYBODY: Principal = {
  name: null,
  role: 'admin',
  group: DEFAULT_GROUP,
  namesGroups: true,
};

/** Whoever has the one login of a port: many may share it. */
export function userPrincipal(username: string, role: Role): Principal {
  const group = GROUP.test(username) ? username : DEFAULT_GROUP;
  return { name: `user ${username}`, role, group, namesGroups: true };
}

export function tokenPrincipal({ name, role }: { name: string; role: Role }): Principal {
  return { name: `token ${name}`, role, group: name, namesGroups: role === 'admin' };
}

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
