import { OLDEST_RECORD_VERSION } from '../job-record.ts';
import { LIMIT_OF } from './limit-scripts.ts';
import { NEXT } from './line-scripts.ts';
import {
  ALLOW_OOM,
  ANNOUNCE,
  CONCLUDE,
  ENDING_KEYS,
  GIVE_BACK,
  NOW,
  STRANDED_AFTER_MS,
  TRY_AGAIN,
} from './script-parts.ts';

/**
 * The transitions of a job, each one atomic in Redis. Only what holds the current token of a job may
 * change it ("compare and set"), so a worker that was replaced can write nothing any more. Times come
 * from the clock of Redis: there is only one.
 *
 * Fields of a job's hash: v, spec, queue, requires, rank, group, state, phase, createdAt, startedAt, finishedAt,
 * retentionMs, attempt, retries, losses, adoptions, retryAt, token, worker, step, leaseMs, leaseUntil, appended,
 * seen, runningAt, containerId, imageDigest, progress, sandbox, cancelReason, result, and per attempt
 * `attempt:<n>:{worker,startedAt,finishedAt,timings,result}`.
 */

/** One after the other, none of which lived to its first renewal. */
const MAX_ADOPTIONS = 20;

/**
 * KEYS[1]: prefix of jobs. KEYS[10]: which job the call got, if it is sent again.
 * ARGV: id, worker, token, leaseMs, version, queue. With a queue, it is not this job that is claimed, but the one
 * that is next there. Whether a lease is over is not decided here: see EXPIRE_LEASE.
 */
export const CLAIM = `${ALLOW_OOM}${NOW}${ANNOUNCE}${LIMIT_OF}${NEXT}
local jobPrefix, adding, waitingPrefix, queueDeadlines, events, leases, limits, turnsPrefix, lastTurn, taken = unpack(KEYS)
local id, worker, token, leaseMs, version, queue = unpack(ARGV)
local k = { jobPrefix = jobPrefix, waitingPrefix = waitingPrefix, turnsPrefix = turnsPrefix, lastTurn = lastTurn }
if queue ~= '' then
  local known = redis.call('GET', taken)
  local found, why, passed = known, nil, nil
  if not known then found, why, passed = nextJob(k, queue, id, version) end
  if not found then return { why, passed } end
  id = found
end
local job = jobPrefix .. id
local f = redis.call('HMGET', job, 'state', 'leaseUntil', 'attempt', 'v', 'token', 'retryAt', 'queue', 'group',
  'spec', 'createdAt', 'cancelReason', 'retries', 'startedAt')
local state, attempt = f[1], tonumber(f[3] or 0)
if not state then return { 'missing' } end
if state == 'finished' then return { 'finished' } end
local isSentAgain = state == 'running' and f[5] == token
if state == 'running' and not isSentAgain then return { 'leased', math.max(0, f[2] - now) } end
local outcome = 'claimed'
if tonumber(f[4]) > tonumber(version) then return { 'newer', id } end
if tonumber(f[4]) < ${OLDEST_RECORD_VERSION} then outcome = 'incompatible' end
if not isSentAgain then
  if f[6] and tonumber(f[6]) > now then return { 'early', f[6] - now } end
  if redis.call('ZCARD', leases) >= limitOf(limits, 'maxConcurrentRuns') then return { 'held-back' } end
  attempt = attempt + 1
  local prefix = 'attempt:' .. attempt .. ':'
  redis.call('HSET', job, 'state', 'running', 'token', token, 'leaseMs', leaseMs, 'leaseUntil', now + leaseMs,
    'startedAt', f[13] or now, 'attempt', attempt, 'worker', worker, 'step', 'claimed', 'phase', 'pulling',
    prefix .. 'worker', worker, prefix .. 'startedAt', now)
  redis.call('HDEL', job, 'containerId', 'runningAt', 'retryAt', 'appended', 'seen', 'adoptions', 'progress')
  redis.call('ZREM', adding, id)
  redis.call('ZREM', waitingPrefix .. f[7], id)
  if leaveLine(k, f[7], groupOf(f[8]), id) then giveTurn(k, f[7], groupOf(f[8])) end
  if queue ~= '' then redis.call('SET', taken, id, 'PX', leaseMs) end
  redis.call('ZREM', queueDeadlines, id)
  redis.call('ZADD', leases, now + leaseMs, id)
  announce(events, id, 'running')
end
return { outcome, attempt, f[9], now - f[10], f[11] or '', tonumber(f[12]), id }
`;

/** ARGV: id, token, step, phase, then field, value, … Returns 0 when fenced, else 1 and the cancel reason. */
export const ADVANCE = `${ALLOW_OOM}${NOW}${ANNOUNCE}
local job, events = unpack(KEYS)
local held = redis.call('HMGET', job, 'token', 'state', 'phase', 'cancelReason', 'runningAt')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then return { 0, '' } end
if ARGV[3] == 'started' and not held[5] then
  redis.call('HSET', job, 'step', ARGV[3], 'phase', ARGV[4], 'runningAt', now, unpack(ARGV, 5))
else
  redis.call('HSET', job, 'step', ARGV[3], 'phase', ARGV[4], unpack(ARGV, 5))
end
-- Facts are news also within a phase: how far a pull is, or how long a part has taken.
if held[3] ~= ARGV[4] or #ARGV > 4 then announce(events, ARGV[1], 'running') end
return { 1, held[4] or '' }
`;

/**
 * A worker that comes back takes over its own attempt, whose container may be running still; or that of a
 * worker of another name on the same engine, when no process has that name any more. Not again and again
 * without a renewal in between: then the job itself may be what kills whoever adopts it, and its lease ends.
 * KEYS: job, leases, name of the container's worker.
 * ARGV: id, worker, attempt, token, leaseMs, the container's worker, version. Returns nothing when there is
 * nothing to take over.
 */
export const ADOPT = `${ALLOW_OOM}${NOW}
local job = KEYS[1]
local f = redis.call('HMGET', job, 'state', 'worker', 'attempt', 'step', 'spec', 'cancelReason',
  'createdAt', 'startedAt', 'runningAt', 'v', 'retries', 'token', 'adoptions')
if f[1] ~= 'running' or f[3] ~= ARGV[3] then return {} end
if tonumber(f[10]) > tonumber(ARGV[7]) or tonumber(f[10]) < ${OLDEST_RECORD_VERSION} then return {} end
if f[4] ~= 'started' and f[4] ~= 'exited' then return {} end
if f[12] ~= ARGV[4] then -- else it is the same call, sent again
  if f[2] ~= ARGV[6] then return {} end
  if ARGV[6] ~= ARGV[2] and redis.call('EXISTS', KEYS[3]) == 1 then return {} end
  if tonumber(f[13] or 0) >= ${MAX_ADOPTIONS} then return {} end
  redis.call('HINCRBY', job, 'adoptions', 1)
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
redis.call('HDEL', KEYS[1], 'adoptions')
redis.call('ZADD', KEYS[2], now + ARGV[2], ARGV[3])
return { 1, held[3] or '' }
`;

/**
 * ARGV: token, id of the call, `seen` or '', then stream, bytes, … Returns 0 when fenced, else 1. Who follows the
 * output hears of it on the channel of its stream; a user of Redis that may not tell stores it all the same.
 */
export const APPEND = `
local held = redis.call('HMGET', KEYS[1], 'token', 'state', 'appended')
if held[1] ~= ARGV[1] or held[2] ~= 'running' then return 0 end
if held[3] == ARGV[2] then return 1 end -- the same call, sent again
redis.call('HSET', KEYS[1], 'appended', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'seen', ARGV[3]) end
local last
for n = 4, #ARGV, 2 do last = redis.call('XADD', KEYS[2], '*', 's', ARGV[n], 'd', ARGV[n + 1]) end
if last then redis.pcall('PUBLISH', KEYS[2], last) end
return 1
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

/** ARGV: id, token ('' for a queued job), result. Returns 1, or 0 when fenced or finished. */
export const FINISH = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${ENDING_KEYS}
local held = redis.call('HMGET', k.job, 'token', 'state', 'result')
if held[1] ~= ARGV[2] then return 0 end
if held[2] == 'finished' then return ARGV[2] ~= '' and held[3] == ARGV[3] and 1 or 0 end
conclude(k, ARGV[1], ARGV[3])
return 1
`;
