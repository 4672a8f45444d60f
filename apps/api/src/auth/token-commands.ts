import type { Redis } from 'ioredis';

/**
 * Keys: tokens, uses, the new token. Arguments: prefix of tokens, name, hash, what is stored, milliseconds or 0.
 * Forgets the names of those that have expired.
 */
const CREATE = `
local prefix, name, hash, stored, ttl = ARGV[1], ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
local all = redis.call('hgetall', KEYS[1])
for i = 1, #all, 2 do
  if redis.call('exists', prefix .. all[i + 1]) == 0 then
    redis.call('hdel', KEYS[1], all[i])
    redis.call('hdel', KEYS[2], all[i])
  elseif all[i] == name then return 0 end
end
if ttl > 0 then redis.call('set', KEYS[3], stored, 'px', ttl) else redis.call('set', KEYS[3], stored) end
redis.call('hset', KEYS[1], name, hash)
return 1
`;

/** Keys: tokens, uses. Arguments: prefix of tokens, name. */
const REVOKE = `
local hash = redis.call('hget', KEYS[1], ARGV[2])
if not hash then return 0 end
redis.call('hdel', KEYS[1], ARGV[2])
redis.call('hdel', KEYS[2], ARGV[2])
return redis.call('del', ARGV[1] .. hash)
`;

/** Keys: tokens, uses. Argument: name. One that was revoked meanwhile leaves no trace. */
const NOTE_USE = `
if not redis.call('hget', KEYS[1], ARGV[1]) then return 0 end
redis.call('hset', KEYS[2], ARGV[1], redis.call('time')[1] * 1000)
return 1
`;

/** The scripts of {@link Tokens} as commands of one connection: keys first, then arguments. */
export interface TokenCommands {
  conjobCreateToken(...keysAndArguments: (string | number)[]): Promise<number>;
  conjobRevokeToken(...keysAndArguments: string[]): Promise<number>;
  conjobNoteTokenUse(...keysAndArguments: string[]): Promise<number>;
}

export function withTokenCommands(redis: Redis): TokenCommands {
  redis.defineCommand('conjobCreateToken', { numberOfKeys: 3, lua: CREATE });
  redis.defineCommand('conjobRevokeToken', { numberOfKeys: 2, lua: REVOKE });
  redis.defineCommand('conjobNoteTokenUse', { numberOfKeys: 2, lua: NOTE_USE });
  // defineCommand adds the methods at run time, where the type of Redis does not see them.
  return redis as unknown as TokenCommands;
}
