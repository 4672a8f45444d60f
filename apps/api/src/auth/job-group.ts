import { RequestError } from '../http/request-errors.ts';
import type { Principal } from './principal.ts';

/**
 * The group of a job: that of whoever sends it, or the one it asks for. Groups take turns, so that who may name
 * any group could take as many turns as he likes: whoever has a token of his own may not, unless he is an operator.
 */
export function jobGroup({ group, namesGroups }: Principal, asked: string | undefined): string {
  if (asked === undefined || asked === group) return group;
  if (namesGroups) return asked;
  throw new RequestError('auth.forbidden', `Jobs of this token are of the group ${group}.`, {
    hint: 'Leave the group out. The login of the port, and tokens with the role admin, can name any.',
  });
}
