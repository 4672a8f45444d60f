import { COUNT } from './count-scripts.ts';
import { LIMIT_OF } from './limit-scripts.ts';
import { LINES } from './line-scripts.ts';

/** What the ledger's scripts are made of: see `attempt-scripts.ts` and `submission-scripts.ts`. */

/**
 * Whatever frees or keeps what Redis has taken on goes on when its memory is full: only new jobs, and
 * more output, are refused.
 */
export const ALLOW_OOM = '#!lua flags=allow-oom\n';

export const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Whoever accepts or gives back a job also puts it on its queue: so long it may take to do that. */
export const STRANDED_AFTER_MS = 10_000;

/** The stream is a wake-up call, not a record: readers look at the job itself. */
export const ANNOUNCE = `
local function announce(events, id, state)
  redis.call('XADD', events, 'MAXLEN', '~', 10000, '*', 'id', id, 'state', state)
end
`;

/** Among all that wait, and in the line of its group, unless its next attempt is not due yet. */
export const WAIT = `
local function wait(k, queue, group, id, rank, since, retryAt)
  redis.call('ZADD', k.waitingPrefix .. queue, placeOf(rank, since), id)
  if tonumber(retryAt or 0) <= now then joinLine(k, queue, group, id, placeOf(rank, since)) end
end
-- Workers look at the queues of requirements that they know.
local function place(placements, news, requires)
  if requires ~= '' and redis.call('ZADD', placements, now, requires) == 1 then
    redis.call('PUBLISH', news, '')
  end
end
`;

/** Nobody holds the job any more. Workers that hold jobs back hear of the place that is free with it. */
const LET_GO = `${LIMIT_OF}
local function letGo(k, id)
  redis.call('HDEL', k.job, 'leaseUntil')
  if redis.call('ZREM', k.leases, id) == 0 then return end
  if redis.call('ZCARD', k.leases) + 1 == limitOf(k.limits, 'maxConcurrentRuns') then
    redis.call('PUBLISH', k.places, '')
  end
end
`;

/** End a job for good: its record, and how long it is kept. */
export const CONCLUDE = `${LET_GO}${COUNT}${LINES}
local function conclude(k, id, result)
  local f = redis.call('HMGET', k.job, 'retentionMs', 'attempt', 'queue', 'group')
  local retentionMs, attempt = tonumber(f[1]), tonumber(f[2])
  redis.call('HSET', k.job, 'state', 'finished', 'phase', '', 'finishedAt', now, 'result', result)
  if attempt > 0 and redis.call('HSETNX', k.job, 'attempt:' .. attempt .. ':finishedAt', now) == 1 then
    redis.call('HSET', k.job, 'attempt:' .. attempt .. ':result', result)
  end
  redis.call('HDEL', k.job, 'retryAt', 'attempt:' .. attempt .. ':timings')
  count(k.totals, result)
  letGo(k, id)
  redis.call('PEXPIRE', k.job, retentionMs)
  for n = 1, attempt do redis.call('PEXPIRE', k.outputPrefix .. n, retentionMs) end
  redis.call('DEL', k.input)
  redis.call('ZREM', k.waitingPrefix .. f[3], id)
  leaveLine(k, f[3], groupOf(f[4]), id)
  redis.call('ZREM', k.adding, id)
  redis.call('ZREM', k.queueDeadlines, id)
  redis.call('SREM', k.syncRuns, id)
  redis.call('ZADD', k.expiry, now + retentionMs, id)
  announce(k.events, id, 'finished')
end
`;

/** Keys of scripts that end a job, or give it back. */
export const ENDING_KEYS = `
local k = { job = KEYS[1], input = KEYS[2], waitingPrefix = KEYS[3], adding = KEYS[4],
  queueDeadlines = KEYS[5], expiry = KEYS[6], events = KEYS[7], leases = KEYS[8],
  outputPrefix = KEYS[9], placements = KEYS[10], news = KEYS[11], syncRuns = KEYS[12], limits = KEYS[13],
  places = KEYS[14], totals = KEYS[15], turnsPrefix = KEYS[16], lastTurn = KEYS[17] }
`;

/**
 * Back to the queue, in nobody's hands. `dueAt`: when the job is put on its queue, unless whoever gives
 * it back does that; `waitsFrom`: what its place in the queue, and its deadline there, count from.
 */
export const GIVE_BACK = `${WAIT}
local function giveBack(k, id, dueAt, waitsFrom)
  local f = redis.call('HMGET', k.job, 'spec', 'queue', 'rank', 'attempt', 'requires', 'group', 'retryAt')
  local timeoutSeconds = cjson.decode(f[1]).queueTimeoutSeconds
  redis.call('HSET', k.job, 'state', 'queued', 'phase', '', 'token', '', 'step', '')
  redis.call('HSETNX', k.job, 'attempt:' .. f[4] .. ':finishedAt', now)
  letGo(k, id)
  redis.call('ZADD', k.adding, dueAt, id)
  wait(k, f[2], groupOf(f[6]), id, f[3], waitsFrom, f[7])
  place(k.placements, k.news, f[5])
  if timeoutSeconds then redis.call('ZADD', k.queueDeadlines, waitsFrom + timeoutSeconds * 1000, id) end
  announce(k.events, id, 'queued')
end
`;

/** The end of an attempt that is not the job's: it runs again after a while. */
export const TRY_AGAIN = `
local function endAttempt(k, result)
  local prefix = 'attempt:' .. redis.call('HGET', k.job, 'attempt') .. ':'
  redis.call('HSET', k.job, prefix .. 'finishedAt', now, prefix .. 'result', result)
  redis.call('HDEL', k.job, prefix .. 'timings')
end
local function tryAgain(k, id, result, delayMs)
  endAttempt(k, result)
  redis.call('HSET', k.job, 'retryAt', now + delayMs)
  redis.call('HINCRBY', k.job, 'retries', 1)
  giveBack(k, id, now + delayMs, now + delayMs)
end
`;
