import type { Query } from '../http/query.ts';

export const ON_DISCONNECT = 'onDisconnect';

/** Whether a job shall end when its client leaves before the answer: `onDisconnect=cancel`. */
export function wantsCancelOnDisconnect(query: Query): boolean {
  return query.oneOf(ON_DISCONNECT, ['continue', 'cancel']) === 'cancel';
}
