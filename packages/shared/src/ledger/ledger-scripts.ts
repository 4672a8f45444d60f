/**
 * The transitions of a job, each one atomic in Redis. Only what holds the current token of a job may
 * change it ("compare and set"), so a worker that was replaced can write nothing any more. Times come
 * from the clock of Redis: there is only one.
 *
 * Fields of a job's hash: v, spec, queue, requires, rank, state, phase, createdAt, startedAt, finishedAt,
 * retentionMs, attempt, retries, losses, retryAt, token, worker, step, leaseMs, leaseUntil, appended,
 * runningAt, containerId, imageDigest, cancelReason, result, and per attempt
 * `attempt:<n>:{worker,startedAt,finishedAt,result}`.
 */

/** Whatever frees or keeps what Redis has taken on goes on when its memory is full: only new jobs, and more output, are refused. */
const ALLOW_OOM = '#!lua flags=allow-oom\n';

const NOW = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
`;

/** Whoever accepts or gives back a job also puts it on its queue: so long it may take to do that. */
const STRANDED_AFTER_MS = 10_000;

/** The stream is a wake-up call, not a record: readers look at the job itself. */
const ANNOUNCE = `
local function announce(events, id, state)
  redis.call('XADD', events, 'MAXLEN', '~', 10000, '*', 'id', id, 'state', state)
end
`;

/**
 * Place in the queue: first by priority, then by time. A rank is 0 to 2000, so that both fit into the 53
 * bits of a score; 1577836800000 is the beginning of 2020.
 */
const WAIT = `
local function place(placements, news, requires)
  if requires ~= '' and redis.call('ZADD', placements, now, requires) == 1 then
    redis.call('PUBLISH', news, '')
  end
end
local function wait(waiting, id, rank, since)
  redis.call('ZADD', waiting, rank * 1e12 + (since - 1577836800000), id)
end
`;

/** Nobody holds the job any more. */
const LET_GO = `
local function letGo(k, id)
  redis.call('HDEL', k.job, 'leaseUntil')
  redis.call('ZREM', k.leases, id)
end
`;

/** End a job for good: its record, and how long it is kept. */
const CONCLUDE = `${LET_GO}
local function conclude(k, id, result)
  local f = redis.call('HMGET', k.job, 'retentionMs', 'attempt', 'queue')
  local retentionMs, attempt = tonumber(f[1]), tonumber(f[2])
  redis.call('HSET', k.job, 'state', 'finished', 'phase', '', 'finishedAt', now, 'result', result)
  if attempt > 0 and redis.call('HSETNX', k.job, 'attempt:' .. attempt .. ':finishedAt', now) == 1 then
    redis.call('HSET', k.job, 'attempt:' .. attempt .. ':result', result)
  end
  redis.call('HDEL', k.job, 'retryAt')
  letGo(k, id)
  redis.call('PEXPIRE', k.job, retentionMs)
  for n = 1, attempt do redis.call('PEXPIRE', k.outputPrefix .. n, retentionMs) end
  redis.call('DEL', k.input)
  redis.call('ZREM', k.waitingPrefix .. f[3], id)
  redis.call('ZREM', k.adding, id)
  redis.call('ZREM', k.queueDeadlines, id)
  redis.call('ZADD', k.expiry, now + retentionMs, id)
  announce(k.events, id, 'finished')
end
`;

/**
 * KEYS[9]: idempotency (or the job again). ARGV: id, version, spec, queue, requirements, rank, retentionMs,
 * queueTimeoutMs, input, hasInput, fingerprint, idempotencyMs
 */
export const ACCEPT = `${NOW}${ANNOUNCE}${WAIT}
local job, jobs, expiry, adding, waiting, queueDeadlines, events, input, idempotency, placements, news = unpack(KEYS)
local id, version, spec, queue, requires, rank, retentionMs, queueTimeoutMs, bytes, hasInput, fingerprint, idempotencyMs =
  unpack(ARGV)
if redis.call('EXISTS', job) == 1 then return { 'accepted', id } end -- the same call, sent again
if fingerprint ~= '' then
  local known = redis.call('HMGET', idempotency, 'id', 'fingerprint')
  if known[1] then
    return { known[2] == fingerprint and 'replayed' or 'conflict', known[1] }
  end
  redis.call('HSET', idempotency, 'id', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', idempotency, idempotencyMs)
end
redis.call('HSET', job, 'v', version, 'spec', spec, 'queue', queue, 'requires', requires, 'rank', rank, 'state', 'queued', 'phase', '',
  'createdAt', now, 'retentionMs', retentionMs, 'attempt', 0, 'retries', 0, 'losses', 0, 'token', '', 'step', '')
if hasInput == '1' then redis.call('SET', input, bytes) end
redis.call('ZADD', jobs, 0, id)
redis.call('ZADD', adding, now + ${STRANDED_AFTER_MS}, id)
wait(waiting, id, rank, now)
if queueTimeoutMs ~= '' then redis.call('ZADD', queueDeadlines, now + queueTimeoutMs, id) end
place(placements, news, requires)
-- Records expire by themselves; their ids leave the index here, a few with each new job.
local gone = redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 16)
if #gone > 0 then
  redis.call('ZREM', jobs, unpack(gone))
  redis.call('ZREM', expiry, unpack(gone))
end
announce(events, id, 'queued')
return { 'accepted', id }
`;

/** KEYS: job, adding. ARGV: id, attempts that there were when it was put on its queue. */
export const QUEUED = `${ALLOW_OOM}
local f = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if f[1] == 'queued' and f[2] ~= ARGV[2] then return 0 end -- it has been taken from there, and is due again
return redis.call('ZREM', KEYS[2], ARGV[1])
`;

/** ARGV: id, worker, token, leaseMs, version. Whether a lease is over is not decided here: see EXPIRE_LEASE. */
export const CLAIM = `${ALLOW_OOM}${NOW}${ANNOUNCE}
local job, adding, waitingPrefix, queueDeadlines, events, leases = unpack(KEYS)
local id, worker, token, leaseMs, version = unpack(ARGV)
local f = redis.call('HMGET', job, 'state', 'leaseUntil', 'attempt', 'v', 'token', 'retryAt', 'queue')
local state, attempt = f[1], tonumber(f[3] or 0)
if not state then return { 'missing' } end
if state == 'finished' then return { 'finished' } end
local isSentAgain = state == 'running' and f[5] == token
if state == 'running' and not isSentAgain then return { 'leased', math.max(0, f[2] - now) } end
local outcome = 'claimed'
if tonumber(f[4]) > tonumber(version) then return { 'newer' } end
if f[4] ~= version then outcome = 'incompatible' end
if not isSentAgain then
  if f[6] and tonumber(f[6]) > now then return { 'early', f[6] - now } end
  attempt = attempt + 1
  local prefix = 'attempt:' .. attempt .. ':'
  redis.call('HSET', job, 'state', 'running', 'token', token, 'leaseMs', leaseMs, 'leaseUntil', now + leaseMs,
    'attempt', attempt, 'worker', worker, 'step', 'claimed', 'phase', 'pulling',
    prefix .. 'worker', worker, prefix .. 'startedAt', now)
  redis.call('HDEL', job, 'containerId', 'runningAt', 'retryAt', 'appended')
  redis.call('HSETNX', job, 'startedAt', now)
  redis.call('ZREM', adding, id)
  redis.call('ZREM', waitingPrefix .. f[7], id)
  redis.call('ZREM', queueDeadlines, id)
  redis.call('ZADD', leases, now + leaseMs, id)
  announce(events, id, 'running')
end
local has = redis.call('HMGET', job, 'spec', 'createdAt', 'cancelReason', 'retries')
return { outcome, attempt, has[1], now - has[2], has[3] or '', tonumber(has[4]) }
`;

/** ARGV: id, token, step, phase, then field, value, … Returns 0 when fenced, else 1 and the cancel reason. */
export const ADVANCE = `${ALLOW_OOM}${NOW}${ANNOUNCE}
local job, events = unpack(KEYS)
local held = redis.call('HMGET', job, 'token', 'state', 'phase', 'cancelReason')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then return { 0, '' } end
redis.call('HSET', job, 'step', ARGV[3], 'phase', ARGV[4], unpack(ARGV, 5))
if ARGV[3] == 'started' then redis.call('HSETNX', job, 'runningAt', now) end
if held[3] ~= ARGV[4] then announce(events, ARGV[1], 'running') end
return { 1, held[4] or '' }
`;

/**
 * A worker that comes back takes over its own attempt, whose container may be running still; or that of a
 * worker of another name on the same engine, when no process has that name any more.
 * KEYS: job, leases, name of the container's worker.
 * ARGV: id, worker, attempt, token, leaseMs, the container's worker, version. Returns nothing when there is
 * nothing to take over.
 */
export const ADOPT = `${ALLOW_OOM}${NOW}
local job = KEYS[1]
local f = redis.call('HMGET', job, 'state', 'worker', 'attempt', 'step', 'spec', 'cancelReason',
  'createdAt', 'startedAt', 'runningAt', 'v', 'retries', 'token')
if f[1] ~= 'running' or f[3] ~= ARGV[3] or f[10] ~= ARGV[7] then return {} end
if f[4] ~= 'started' and f[4] ~= 'exited' then return {} end
if f[12] ~= ARGV[4] then -- else it is the same call, sent again
  if f[2] ~= ARGV[6] then return {} end
  if ARGV[6] ~= ARGV[2] and redis.call('EXISTS', KEYS[3]) == 1 then return {} end
end
redis.call('HSET', job, 'token', ARGV[4], 'worker', ARGV[2], 'leaseMs', ARGV[5], 'leaseUntil', now + ARGV[5],
  'attempt:' .. f[3] .. ':worker', ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[5], ARGV[1])
return { f[5], f[6] or '', f[8] - f[7], now - (f[9] or now), tonumber(f[11]) }
`;

/** ARGV: token, leaseMs, id. Returns 0 when fenced, else 1 and the cancel reason. */
export const RENEW = `${ALLOW_OOM}${NOW}
local held = redis.call('HMGET', KEYS[1], 'token', 'state', 'cancelReason')
if held[1] ~= ARGV[1] or held[2] ~= 'running' then return { 0, '' } end
redis.call('HSET', KEYS[1], 'leaseUntil', now + ARGV[2])
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
return { 1, held[3] or '' }
`;

/** Keys of scripts that end a job, or give it back. */
const ENDING_KEYS = `
local k = { job = KEYS[1], input = KEYS[2], waitingPrefix = KEYS[3], adding = KEYS[4],
  queueDeadlines = KEYS[5], expiry = KEYS[6], events = KEYS[7], leases = KEYS[8],
  outputPrefix = KEYS[9], placements = KEYS[10], news = KEYS[11] }
`;

/**
 * Back to the queue, in nobody's hands. `dueAt`: when the job is put on its queue, unless whoever gives
 * it back does that; `waitsFrom`: what its place in the queue, and its deadline there, count from.
 */
const GIVE_BACK = `${WAIT}
local function giveBack(k, id, dueAt, waitsFrom)
  local f = redis.call('HMGET', k.job, 'spec', 'queue', 'rank', 'attempt', 'requires')
  local timeoutSeconds = cjson.decode(f[1]).queueTimeoutSeconds
  redis.call('HSET', k.job, 'state', 'queued', 'phase', '', 'token', '', 'step', '')
  redis.call('HSETNX', k.job, 'attempt:' .. f[4] .. ':finishedAt', now)
  letGo(k, id)
  redis.call('ZADD', k.adding, dueAt, id)
  wait(k.waitingPrefix .. f[2], id, f[3], waitsFrom)
  place(k.placements, k.news, f[5])
  if timeoutSeconds then redis.call('ZADD', k.queueDeadlines, waitsFrom + timeoutSeconds * 1000, id) end
  announce(k.events, id, 'queued')
end
`;

/** The end of an attempt that is not the job's: it runs again after a while. */
const TRY_AGAIN = `
local function endAttempt(k, result)
  local prefix = 'attempt:' .. redis.call('HGET', k.job, 'attempt') .. ':'
  redis.call('HSET', k.job, prefix .. 'finishedAt', now, prefix .. 'result', result)
end
local function tryAgain(k, id, result, delayMs)
  endAttempt(k, result)
  redis.call('HSET', k.job, 'retryAt', now + delayMs)
  redis.call('HINCRBY', k.job, 'retries', 1)
  giveBack(k, id, now + delayMs, now + delayMs)
end
`;

/**
 * One that was cancelled meanwhile ends instead: nobody has to take it again for that.
 * ARGV: id, token, result of a cancelled job. Returns 0 when fenced or already started, else 1.
 */
export const RELEASE = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${GIVE_BACK}${ENDING_KEYS}
local held = redis.call('HMGET', k.job, 'token', 'state', 'step', 'createdAt', 'cancelReason')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then return 0 end
if held[3] == 'started' or held[3] == 'exited' then return 0 end
if held[5] then
  conclude(k, ARGV[1], ARGV[3])
  return 1
end
giveBack(k, ARGV[1], now + ${STRANDED_AFTER_MS}, held[4])
return 1
`;

/**
 * The end of an attempt, after which the job runs again; one that was cancelled meanwhile ends with it.
 * ARGV: id, token, result of the attempt, delayMs, result of a cancelled job. Returns what became of it, or
 * 'fenced'.
 */
export const RETRY = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${GIVE_BACK}${TRY_AGAIN}${ENDING_KEYS}
local held = redis.call('HMGET', k.job, 'token', 'state', 'cancelReason')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then return 'fenced' end
if held[3] then
  endAttempt(k, ARGV[3])
  conclude(k, ARGV[1], ARGV[5])
  return 'finished'
end
tryAgain(k, ARGV[1], ARGV[3], ARGV[4])
return 'queued'
`;

/**
 * The only way in which a lease ends. That it is over by the clock of Redis is not enough, since a clock
 * can jump: somebody must have seen, by a clock of its own, that nobody renewed it.
 *
 * What may have been started is run again when the job asks for it, or ends; what has not goes back to the
 * queue, unless it was cancelled, or that has happened too often: then the job itself may be what kills its
 * workers.
 * ARGV: id, the lease as it was seen, for how long (ms), attempt, result, delayMs ('' to end the job),
 * how many attempts may be lost before their start, result of a cancelled job. Returns 'over', 'held',
 * 'queued', or 'finished'.
 */
export const EXPIRE_LEASE = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${GIVE_BACK}${TRY_AGAIN}${ENDING_KEYS}
local f = redis.call('HMGET', k.job, 'state', 'step', 'leaseUntil', 'leaseMs', 'attempt', 'createdAt', 'cancelReason')
if f[1] ~= 'running' then
  redis.call('ZREM', k.leases, ARGV[1])
  return 'over'
end
local observedEnoughMs = math.min(f[4] / 3, 10000)
if f[3] ~= ARGV[2] or f[5] ~= ARGV[4] or tonumber(f[3]) > now or tonumber(ARGV[3]) < observedEnoughMs then
  return 'held'
end
if f[2] == 'started' or f[2] == 'exited' then
  if ARGV[6] == '' or f[7] then
    conclude(k, ARGV[1], ARGV[5])
    return 'finished'
  end
  tryAgain(k, ARGV[1], ARGV[5], ARGV[6])
  return 'queued'
end
if f[7] then
  conclude(k, ARGV[1], ARGV[8])
  return 'finished'
end
if redis.call('HINCRBY', k.job, 'losses', 1) >= tonumber(ARGV[7]) then
  conclude(k, ARGV[1], ARGV[5])
  return 'finished'
end
giveBack(k, ARGV[1], now, f[6])
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

/** ARGV: id, token ('' for a queued job), result. Returns 1, or 0 when fenced or finished. */
export const FINISH = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${ENDING_KEYS}
local held = redis.call('HMGET', k.job, 'token', 'state', 'result')
if held[1] ~= ARGV[2] then return 0 end
if held[2] == 'finished' then return ARGV[2] ~= '' and held[3] == ARGV[3] and 1 or 0 end
conclude(k, ARGV[1], ARGV[3])
return 1
`;

/** KEYS[12]: channel. ARGV: id, reason, result of a job that is not running. */
export const CANCEL = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${ENDING_KEYS}
local state = redis.call('HGET', k.job, 'state')
if not state then return 'missing' end
if state == 'finished' then return 'finished' end
redis.call('HSETNX', k.job, 'cancelReason', ARGV[2])
if state == 'queued' then
  conclude(k, ARGV[1], ARGV[3])
  return 'cancelled'
end
redis.call('PUBLISH', KEYS[12], ARGV[1])
return 'requested'
`;

/** KEYS: job, jobs, expiry, output prefix. ARGV: id. */
export const REMOVE = `${ALLOW_OOM}
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

/** KEYS: placements, waiting. ARGV: requirements, oldest use that keeps them. Returns 1 when forgotten. */
export const FORGET_PLACEMENT = `${ALLOW_OOM}
local usedAt = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not usedAt or tonumber(usedAt) >= tonumber(ARGV[2]) or redis.call('ZCARD', KEYS[2]) > 0 then return 0 end
return redis.call('ZREM', KEYS[1], ARGV[1])
`;
