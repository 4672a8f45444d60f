import { createHash } from 'node:crypto';
import { commandsOf } from './command-rights.ts';
import { keyRules, REDIS_ROLES, type RedisRole } from './key-rights.ts';

/** All users of a Redis of ConJob's own. `admin`: operators and backups; no process of ConJob. */
export const REDIS_USERS = [...REDIS_ROLES, 'admin'] as const;
export type RedisUser = (typeof REDIS_USERS)[number];

/**
 * Nobody logs in as the default user. It keeps its rights all the same: Redis reads its append-only file as that
 * user, and leaves out, without an end, each transaction, and with it each script, that he may not.
 */
const DEFAULT_USER = 'user default off ~* &* +@all';

/** What a role may do, as an ACL of Redis has it, without a password. */
export function rulesOf(role: RedisRole): string {
  return [...keyRules(role), '-@all', ...commandsOf(role).map((name) => `+${name}`)].join(' ');
}

/**
 * An ACL file: each user with its password, and nobody without. A user that gets none can't log in.
 */
export function aclFile(passwords: Partial<Record<RedisUser, string>> = {}): string {
  const line = (user: RedisUser, rules: string): string => {
    const password = passwords[user];
    const hash = password === undefined ? [] : [`#${sha256(password)}`];
    return ['user', user, 'on', ...hash, rules].join(' ');
  };
  return [
    DEFAULT_USER,
    ...REDIS_ROLES.map((role) => line(role, rulesOf(role))),
    line('admin', '~* &* +@all'),
    '',
  ].join('\n');
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
