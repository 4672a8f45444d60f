import { REDIS_USERS, type RedisUser } from '@conjob/shared';
import { makeRedisUsers, type Owner } from './make-redis-users.ts';

const USAGE = `Usage: redis-users FOLDER [--USER-owner UID:GID]…

Makes what a Redis needs that only ConJob may use: FOLDER/users.acl, for its setting aclfile, and
FOLDER/USER/password for REDIS_PASSWORD_FILE of each process. Passwords that are there stay.
USER is ${REDIS_USERS.join(', ')}; the file of a password belongs to its owner, else to who runs this.`;

/** The command `redis-users` of operators. Returns the exit code. */
export async function redisUsersCommand(
  [folder, ...rest]: readonly string[],
  say: (line: string) => void,
): Promise<number> {
  const owners = ownersOf(rest);
  if (folder === undefined || folder.startsWith('-') || owners === null) {
    say(USAGE);
    return 2;
  }
  try {
    await makeRedisUsers(folder, owners);
  } catch (error) {
    say((error as Error).message);
    return 1;
  }
  say(`The users are in ${folder}: users.acl is for Redis, USER/password for the process of each.`);
  return 0;
}

/** Null when the arguments are no such options. */
function ownersOf(options: readonly string[]): Partial<Record<RedisUser, Owner>> | null {
  const owners: Partial<Record<RedisUser, Owner>> = {};
  for (let index = 0; index < options.length; index += 2) {
    const user = REDIS_USERS.find((name) => options[index] === `--${name}-owner`);
    const [, uid, gid] = /^(\d+):(\d+)$/.exec(options[index + 1] ?? '') ?? [];
    if (user === undefined || uid === undefined) return null;
    owners[user] = { uid: Number(uid), gid: Number(gid) };
  }
  return owners;
}
