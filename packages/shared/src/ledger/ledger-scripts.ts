/**
 * The transitions of a job, each one atomic in Redis. Only what holds the current token of a job may
 * change it ("compare and set"), so a worker that was replaced can write nothing any more. Times come
 * from the clock of Redis: there is only one.
 *
 * Fields of a job's hash: v, spec, state, phase, createdAt, startedAt, finishedAt, retentionMs,
 * attempt, token, worker, step, leaseUntil, appended, runningAt, containerId, imageDigest, cancelReason, result, and per
 * attempt `attempt:<n>:{worker,startedAt,finishedAt,conclusion}`.
 */

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** The stream is a wake-up call, not a record: readers look at the job itself. */
const ANNOUNCE = `
local function announce(events, id, state)
  redis.call('XADD', events, 'MAXLEN', '~', 10000, '*', 'id', id, 'state', state)
end
`;

/** End a job for good: its record, and how long it is kept. */
const CONCLUDE = `
local function conclude(k, id, result, conclusion)
  local retentionMs = tonumber(redis.call('HGET', k.job, 'retentionMs'))
  local attempt = tonumber(redis.call('HGET', k.job, 'attempt'))
  redis.call('HSET', k.job, 'state', 'finished', 'phase', '', 'finishedAt', now, 'result', result)
  if attempt > 0 then
    local prefix = 'attempt:' .. attempt .. ':'
    redis.call('HSET', k.job, prefix .. 'finishedAt', now, prefix .. 'conclusion', conclusion)
  end
  redis.call('HDEL', k.job, 'leaseUntil')
  redis.call('ZREM', k.leases, id)
  redis.call('PEXPIRE', k.job, retentionMs)
  for n = 1, attempt do redis.call('PEXPIRE', k.outputPrefix .. n, retentionMs) end
  redis.call('DEL', k.input)
  redis.call('ZREM', k.waiting, id)
  redis.call('ZREM', k.adding, id)
  redis.call('ZREM', k.queueDeadlines, id)
  redis.call('ZADD', k.expiry, now + retentionMs, id)
  announce(k.events, id, 'finished')
end
`;

/** KEYS: idempotency (or the job again). ARGV: id, version, spec, retentionMs, queueTimeoutMs, input, hasInput, fingerprint, idempotencyMs */
export const ACCEPT = `${NOW}${ANNOUNCE}
local job, jobs, expiry, adding, waiting, queueDeadlines, events, input, idempotency = unpack(KEYS)
local id, version, spec, retentionMs, queueTimeoutMs, bytes, hasInput, fingerprint, idempotencyMs = unpack(ARGV)
if redis.call('EXISTS', job) == 1 then return { 'accepted', id } end -- the same call, sent again
if fingerprint ~= '' then
  local known = redis.call('HMGET', idempotency, 'id', 'fingerprint')
  if known[1] then
    return { known[2] == fingerprint and 'replayed' or 'conflict', known[1] }
  end
  redis.call('HSET', idempotency, 'id', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', idempotency, idempotencyMs)
end
redis.call('HSET', job, 'v', version, 'spec', spec, 'state', 'queued', 'phase', '', 'createdAt', now,
  'retentionMs', retentionMs, 'attempt', 0, 'token', '', 'step', '')
if hasInput == '1' then redis.call('SET', input, bytes) end
redis.call('ZADD', jobs, 0, id)
redis.call('ZADD', adding, now, id)
redis.call('ZADD', waiting, now, id)
if queueTimeoutMs ~= '' then redis.call('ZADD', queueDeadlines, now + queueTimeoutMs, id) end
-- Records expire by themselves; their ids leave the index here, a few with each new job.
local gone = redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 16)
if #gone > 0 then
  redis.call('ZREM', jobs, unpack(gone))
  redis.call('ZREM', expiry, unpack(gone))
end
announce(events, id, 'queued')
return { 'accepted', id }
`;

/** ARGV: id, worker, token, leaseMs, version */
export const CLAIM = `${NOW}${ANNOUNCE}
local job, adding, waiting, queueDeadlines, events, leases = unpack(KEYS)
local id, worker, token, leaseMs, version = unpack(ARGV)
local f = redis.call('HMGET', job, 'state', 'leaseUntil', 'step', 'attempt', 'worker', 'containerId', 'v')
local state, leaseUntil, step, attempt = f[1], tonumber(f[2] or 0), f[3], tonumber(f[4] or 0)
if not state then return { 'missing' } end
if state == 'finished' then return { 'finished' } end
if state == 'running' and leaseUntil > now then return { 'leased', leaseUntil - now } end
redis.call('ZREM', adding, id)
redis.call('ZREM', waiting, id)
redis.call('ZREM', queueDeadlines, id)
redis.call('HSET', job, 'state', 'running', 'token', token, 'leaseUntil', now + leaseMs)
redis.call('ZADD', leases, now + leaseMs, id)
local outcome = 'claimed'
if f[7] ~= version then outcome = 'incompatible' end
if state == 'running' and (step == 'started' or step == 'exited') then
  outcome = 'lost'
else
  attempt = attempt + 1
  local prefix = 'attempt:' .. attempt .. ':'
  redis.call('HSET', job, 'attempt', attempt, 'worker', worker, 'step', 'claimed', 'phase', 'pulling',
    prefix .. 'worker', worker, prefix .. 'startedAt', now)
  redis.call('HDEL', job, 'containerId', 'runningAt')
  redis.call('HSETNX', job, 'startedAt', now)
  announce(events, id, 'running')
end
local now_ = redis.call('HMGET', job, 'spec', 'createdAt', 'cancelReason')
return { outcome, attempt, now_[1], now - now_[2], now_[3] or '', f[5] or '', f[6] or '' }
`;

/** ARGV: id, token, step, phase, then field, value, … Returns 0 when fenced, else 1 and the cancel reason. */
export const ADVANCE = `${NOW}${ANNOUNCE}
local job, events = unpack(KEYS)
local held = redis.call('HMGET', job, 'token', 'state', 'phase', 'cancelReason')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then return { 0, '' } end
redis.call('HSET', job, 'step', ARGV[3], 'phase', ARGV[4], unpack(ARGV, 5))
if ARGV[3] == 'started' then redis.call('HSETNX', job, 'runningAt', now) end
if held[3] ~= ARGV[4] then announce(events, ARGV[1], 'running') end
return { 1, held[4] or '' }
`;

/**
 * A worker that comes back takes over its own attempt, whose container may be running still.
 * ARGV: id, worker, attempt, token, leaseMs. Returns nothing when there is nothing to take over.
 */
export const ADOPT = `${NOW}
local job = KEYS[1]
local f = redis.call('HMGET', job, 'state', 'worker', 'attempt', 'step', 'spec', 'cancelReason',
  'createdAt', 'startedAt', 'runningAt')
if f[1] ~= 'running' or f[2] ~= ARGV[2] or f[3] ~= ARGV[3] then return {} end
if f[4] ~= 'started' and f[4] ~= 'exited' then return {} end
redis.call('HSET', job, 'token', ARGV[4], 'leaseUntil', now + ARGV[5])
redis.call('ZADD', KEYS[2], now + ARGV[5], ARGV[1])
return { f[5], f[6] or '', f[8] - f[7], now - (f[9] or now) }
`;

/** ARGV: token, leaseMs, id. Returns 0 when fenced, else 1 and the cancel reason. */
export const RENEW = `${NOW}
local held = redis.call('HMGET', KEYS[1], 'token', 'state', 'cancelReason')
if held[1] ~= ARGV[1] or held[2] ~= 'running' then return { 0, '' } end
redis.call('HSET', KEYS[1], 'leaseUntil', now + ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
return { 1, held[3] or '' }
`;

/** Keys of scripts that end a job, or give it back. */
const ENDING_KEYS = `
local k = { job = KEYS[1], input = KEYS[2], waiting = KEYS[3], adding = KEYS[4],
  queueDeadlines = KEYS[5], expiry = KEYS[6], events = KEYS[7], leases = KEYS[8],
  outputPrefix = KEYS[9] }
`;

/** Back to the queue, as if never taken: with its old place, its deadline, and in nobody's hands. */
const GIVE_BACK = `
local function giveBack(k, id)
  local f = redis.call('HMGET', k.job, 'createdAt', 'spec')
  local timeoutSeconds = cjson.decode(f[2]).queueTimeoutSeconds
  redis.call('HSET', k.job, 'state', 'queued', 'phase', '', 'token', '', 'step', '')
  redis.call('HDEL', k.job, 'leaseUntil')
  redis.call('ZREM', k.leases, id)
  redis.call('ZADD', k.adding, now, id)
  redis.call('ZADD', k.waiting, f[1], id)
  if timeoutSeconds then redis.call('ZADD', k.queueDeadlines, f[1] + timeoutSeconds * 1000, id) end
  announce(k.events, id, 'queued')
end
`;

/** ARGV: id, token. Returns 0 when fenced or already started, else 1. */
export const RELEASE = `${NOW}${ANNOUNCE}${GIVE_BACK}${ENDING_KEYS}
local held = redis.call('HMGET', k.job, 'token', 'state', 'step')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then return 0 end
if held[3] == 'started' or held[3] == 'exited' then return 0 end
giveBack(k, ARGV[1])
return 1
`;

/**
 * What becomes of a running job whose worker gave no sign of life for the time of its lease: one that
 * may have been started ends, any other goes back to the queue. ARGV: id, result, conclusion.
 */
export const EXPIRE_LEASE = `${NOW}${ANNOUNCE}${CONCLUDE}${GIVE_BACK}${ENDING_KEYS}
local f = redis.call('HMGET', k.job, 'state', 'step', 'leaseUntil')
if f[1] ~= 'running' then
  redis.call('ZREM', k.leases, ARGV[1])
  return 'over'
end
if tonumber(f[3]) > now then return 'held' end
if f[2] == 'started' or f[2] == 'exited' then
  conclude(k, ARGV[1], ARGV[2], ARGV[3])
  return 'lost'
end
giveBack(k, ARGV[1])
return 'queued'
`;

/** ARGV: token, id of the call, then stream, bytes, … Returns 0 when fenced, else 1. */
export const APPEND = `
local held = redis.call('HMGET', KEYS[1], 'token', 'state', 'appended')
if held[1] ~= ARGV[1] or held[2] ~= 'running' then return 0 end
if held[3] == ARGV[2] then return 1 end -- the same call, sent again
redis.call('HSET', KEYS[1], 'appended', ARGV[2])
for n = 3, #ARGV, 2 do redis.call('XADD', KEYS[2], '*', 's', ARGV[n], 'd', ARGV[n + 1]) end
return 1
`;

/** ARGV: id, token ('' for a queued job), result, conclusion. Returns 1, or 0 when fenced or finished. */
export const FINISH = `${NOW}${ANNOUNCE}${CONCLUDE}${ENDING_KEYS}
local held = redis.call('HMGET', k.job, 'token', 'state', 'result')
if held[1] ~= ARGV[2] then return 0 end
if held[2] == 'finished' then return ARGV[2] ~= '' and held[3] == ARGV[3] and 1 or 0 end
conclude(k, ARGV[1], ARGV[3], ARGV[4])
return 1
`;

/** KEYS[10]: channel. ARGV: id, reason, result of a job that never ran, its conclusion. */
export const CANCEL = `${NOW}${ANNOUNCE}${CONCLUDE}${ENDING_KEYS}
local state = redis.call('HGET', k.job, 'state')
if not state then return 'missing' end
if state == 'finished' then return 'finished' end
redis.call('HSETNX', k.job, 'cancelReason', ARGV[2])
if state == 'queued' then
  conclude(k, ARGV[1], ARGV[3], ARGV[4])
  return 'cancelled'
end
redis.call('PUBLISH', KEYS[10], ARGV[1])
return 'requested'
`;

/** KEYS: job, jobs, expiry, output prefix. ARGV: id. */
export const REMOVE = `
local job, jobs, expiry, outputPrefix = unpack(KEYS)
local held = redis.call('HMGET', job, 'state', 'attempt')
if not held[1] then return 'missing' end
if held[1] ~= 'finished' then return 'unfinished' end
for n = 1, tonumber(held[2]) do redis.call('UNLINK', outputPrefix .. n) end
redis.call('UNLINK', job)
redis.call('ZREM', jobs, ARGV[1])
redis.call('ZREM', expiry, ARGV[1])
return 'removed'
`;
