import type { RedisRole } from './key-rights.ts';

/**
 * Which commands a role may use: what its process sends, and what its scripts, those of BullMQ among them,
 * name, since a script stops half way at one that is forbidden. `tests/e2e/redis-users.test.ts` holds that
 * each is used and none is missing. AUTH, HELLO and QUIT are everybody's.
 */
const COMMANDS: Readonly<Record<RedisRole, string>> = {
  api: `
    del eval evalsha exec exists get hdel hget hgetall hincrby hmget hmset hset hsetnx incr info llen lpos
    lrange lrem mget multi persist pexpire ping pttl publish rpush sadd scard set smembers srem subscribe time unlink unsubscribe
    xadd xrange xread xrevrange zadd zcard zcount zintercard zrange zrangebyscore zrank zrem
    zremrangebyscore zrevrangebyscore zscore`,
  worker: `
    bzpopmin client|setname del eval evalsha exec exists expire get hdel hexists hget hgetall hincrby hmget
    hmset hset hsetnx incr info llen lpush lrange lrem ltrim mget multi pexpire pttl publish rpoplpush
    rpush sadd scard set smembers srem subscribe time xadd xrange xtrim zadd zcard zpopmin zrange zrangebyscore
    zrem zremrangebyrank zremrangebyscore zrevrange zrevrangebyscore zscore`,
  reaper: 'hmget info mget set time zrange zrem',
  keys: 'eval hget hmget hset info scan',
};

/** In lower case, as in `get` or `client|setname`. */
export function commandsOf(role: RedisRole): string[] {
  return COMMANDS[role].trim().split(/\s+/);
}
