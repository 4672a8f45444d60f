/** What the ledger's scripts know of limits. All of it is read where it decides: there is no copy. */

/** What an operator has set, else what the API processes were started with, else no limit. */
export const LIMIT_OF = `
local limitsRead = {} -- no script changes them
local function limitOf(limits, name)
  if not limitsRead[name] then
    local f = redis.call('HMGET', limits, name, 'default:' .. name)
    limitsRead[name] = tonumber(f[1] or f[2] or '') or math.huge
  end
  return limitsRead[name]
end
`;

/**
 * Why a new job is refused; nil when it is not. Everything is counted from what the ledger has, by which no
 * place can get lost: what runs has a lease, and what waits is neither leased nor over.
 */
export const REFUSAL = `${LIMIT_OF}
-- Writes nothing: after its first write, a script goes on though the memory is full. What is of a later time
-- comes from before the clock was set back.
local function acceptedWithinSecond(accepted, micros)
  return redis.call('ZCOUNT', accepted, micros - 999999, micros)
end
local function noteAccepted(accepted, micros, id)
  redis.call('ZADD', accepted, micros, id)
  redis.call('ZREMRANGEBYSCORE', accepted, '-inf', micros - 1000000)
  redis.call('ZREMRANGEBYSCORE', accepted, micros + 1, '+inf')
  redis.call('PEXPIRE', accepted, 2000)
end
-- Those that run, and those of /job/run that were promised to run next.
local function placesTaken(leases, syncRuns, waiting, most)
  local running = redis.call('ZCARD', leases)
  local promised = redis.call('SCARD', syncRuns)
  if running + promised < most then return running + promised end -- of the promised, some may run already
  return running + redis.call('ZINTERCARD', 2, syncRuns, waiting)
end
-- What callers are told of the rate: how many jobs, and how many more now. A limit of no number is left out.
local function withRate(reply, k, micros)
  local most = limitOf(k.limits, 'maxGlobalRequestsPerSecond')
  if most == math.huge then return reply end
  reply[5], reply[6] = most, math.max(0, most - acceptedWithinSecond(k.accepted, micros))
  return reply
end
local function refusal(k, micros, needsPlace)
  local function over(name, count)
    local most = limitOf(k.limits, name)
    if count(most) >= most then return withRate({ 'refused', '', name, most }, k, micros) end
  end
  return over('maxGlobalRequestsPerSecond', function() return acceptedWithinSecond(k.accepted, micros) end)
    or needsPlace and over('maxConcurrentRuns', function(most)
      return placesTaken(k.leases, k.syncRuns, k.waiting, most)
    end)
    or over('maxQueuedJobs', function()
      return redis.call('ZCARD', k.jobs) - redis.call('ZCARD', k.expiry) - redis.call('ZCARD', k.leases)
    end)
end
`;

/**
 * KEYS: limits, places. ARGV: name, value, … Returns the hash as it was before. A limit that is set to its
 * default is none that was set.
 */
export const SET_LIMITS = `
local before = redis.call('HGETALL', KEYS[1])
for n = 1, #ARGV, 2 do
  if redis.call('HGET', KEYS[1], 'default:' .. ARGV[n]) == ARGV[n + 1] then redis.call('HDEL', KEYS[1], ARGV[n])
  else redis.call('HSET', KEYS[1], ARGV[n], ARGV[n + 1]) end
end
redis.call('PUBLISH', KEYS[2], '')
return before
`;
