import { REFUSAL } from './limit-scripts.ts';
import { LINES } from './line-scripts.ts';
import {
  ALLOW_OOM,
  ANNOUNCE,
  CONCLUDE,
  ENDING_KEYS,
  GIVE_BACK,
  NOW,
  STRANDED_AFTER_MS,
  TRY_AGAIN,
  WAIT,
} from './script-parts.ts';

/** The transitions of a job that no worker makes: see `attempt-scripts.ts`. */

/**
 * KEYS[8]: idempotency (or the job again). ARGV: id, version, spec, queue, requirements, rank, retentionMs,
 * queueTimeoutMs, input, hasInput, fingerprint, idempotencyMs, needsPlace, group, checkedBy. A job that is refused, or was checked
 * by other limits than those that hold, leaves no trace.
 * There is no event: nobody can be waiting for news of a job that nobody knows.
 */
export const ACCEPT = `${NOW}${LINES}${WAIT}${REFUSAL}
local job, jobs, expiry, adding, waitingPrefix, queueDeadlines, input, idempotency, placements, news, leases, limits, accepted, syncRuns, turnsPrefix, lastTurn =
  unpack(KEYS)
local id, version, spec, queue, requires, rank, retentionMs, queueTimeoutMs, bytes, hasInput, fingerprint, idempotencyMs, needsPlace, group, checkedBy =
  unpack(ARGV)
if redis.call('EXISTS', job) == 1 then return { 'accepted', id } end -- the same call, sent again
if fingerprint ~= '' then
  local known = redis.call('HMGET', idempotency, 'id', 'fingerprint')
  if known[1] then
    return { known[2] == fingerprint and 'replayed' or 'conflict', known[1] }
  end
end
local micros = time[1] * 1000000 + time[2]
local k = { limits = limits, accepted = accepted, leases = leases, syncRuns = syncRuns,
  waiting = waitingPrefix .. queue, jobs = jobs, expiry = expiry,
  waitingPrefix = waitingPrefix, turnsPrefix = turnsPrefix, lastTurn = lastTurn }
local function limitText(name) return string.format('%.0f', limitOf(limits, name)) end
if checkedBy ~= '' and checkedBy ~= limitText('maxTimeoutSeconds') .. ' ' .. limitText('maxKillTimeoutSeconds') then
  return { 'outdated', '' }
end
local refused = refusal(k, micros, needsPlace == '1')
if refused then return refused end
noteAccepted(accepted, micros, id)
if needsPlace == '1' then redis.call('SADD', syncRuns, id) end
if fingerprint ~= '' then
  redis.call('HSET', idempotency, 'id', id, 'fingerprint', fingerprint)
  redis.call('PEXPIRE', idempotency, idempotencyMs)
end
redis.call('HSET', job, 'v', version, 'spec', spec, 'queue', queue, 'requires', requires, 'rank', rank, 'group', group, 'state', 'queued', 'phase', '',
  'createdAt', now, 'retentionMs', retentionMs, 'attempt', 0, 'retries', 0, 'losses', 0, 'token', '', 'step', '')
if hasInput == '1' then redis.call('SET', input, bytes) end
redis.call('ZADD', jobs, 0, id)
redis.call('ZADD', adding, now + ${STRANDED_AFTER_MS}, id)
wait(k, queue, group, id, rank, now)
if queueTimeoutMs ~= '' then redis.call('ZADD', queueDeadlines, now + queueTimeoutMs, id) end
place(placements, news, requires)
-- Records expire by themselves; their ids leave the index here, a few with each new job.
local gone = redis.call('ZRANGEBYSCORE', expiry, '-inf', now, 'LIMIT', 0, 16)
if #gone > 0 then
  redis.call('ZREM', jobs, unpack(gone))
  redis.call('ZREM', expiry, unpack(gone))
end
return withRate({ 'accepted', id, '', 0 }, k, micros)
`;

/** KEYS: job, adding. ARGV: id, attempts that there were when it was put on its queue. */
export const QUEUED = `${ALLOW_OOM}
local f = redis.call('HMGET', KEYS[1], 'state', 'attempt')
if f[1] == 'queued' and f[2] ~= ARGV[2] then return 0 end -- it has been taken from there, and is due again
return redis.call('ZREM', KEYS[2], ARGV[1])
`;

/** KEYS: prefix of jobs. ARGV: ids. Returns those that have finished, or are not there: mostly none of many. */
export const ENDED = `#!lua flags=no-writes
local ended = {}
for _, id in ipairs(ARGV) do
  local state = redis.call('HGET', KEYS[1] .. id, 'state')
  if not state or state == 'finished' then table.insert(ended, id) end
end
return ended
`;

/** KEYS: ids by time. ARGV: how far ahead, in ms; most. Returns id, time, … of those whose time has come by then, the first ones first. */
export const RIPE = `#!lua flags=no-writes
${NOW}
return redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now + ARGV[1], 'WITHSCORES', 'LIMIT', 0, ARGV[2])
`;

/**
 * The only way in which a lease ends. That it is over by the clock of Redis is not enough, since a clock
 * can jump: somebody must have seen, by a clock of its own, that nobody renewed it (`observationMs`).
 *
 * What may have been started is run again when the job asks for it, or ends; what has not goes back to the
 * queue, unless it was cancelled, or that has happened too often: then the job itself may be what kills its
 * workers.
 * ARGV: id, the lease as it was seen, attempt, result, delayMs ('' to end the job), how many attempts may be
 * lost before their start, result of a cancelled job. Returns 'over', 'held', 'queued', or 'finished'.
 */
export const EXPIRE_LEASE = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${GIVE_BACK}${TRY_AGAIN}${ENDING_KEYS}
local f = redis.call('HMGET', k.job, 'state', 'step', 'leaseUntil', 'attempt', 'createdAt', 'cancelReason')
if f[1] ~= 'running' then
  redis.call('ZREM', k.leases, ARGV[1])
  return 'over'
end
if f[3] ~= ARGV[2] or f[4] ~= ARGV[3] or tonumber(f[3]) > now then return 'held' end
if f[2] == 'started' or f[2] == 'exited' then
  if ARGV[5] == '' or f[6] then
    conclude(k, ARGV[1], ARGV[4])
    return 'finished'
  end
  tryAgain(k, ARGV[1], ARGV[4], ARGV[5])
  return 'queued'
end
if f[6] then
  conclude(k, ARGV[1], ARGV[7])
  return 'finished'
end
if redis.call('HINCRBY', k.job, 'losses', 1) >= tonumber(ARGV[6]) then
  conclude(k, ARGV[1], ARGV[4])
  return 'finished'
end
giveBack(k, ARGV[1], now, f[5])
return 'queued'
`;

/** KEYS[18]: channel. ARGV: id, reason, result of a job that is not running. */
export const CANCEL = `${ALLOW_OOM}${NOW}${ANNOUNCE}${CONCLUDE}${ENDING_KEYS}
local state = redis.call('HGET', k.job, 'state')
if not state then return 'missing' end
if state == 'finished' then return 'finished' end
redis.call('HSETNX', k.job, 'cancelReason', ARGV[2])
if state == 'queued' then
  conclude(k, ARGV[1], ARGV[3])
  return 'cancelled'
end
redis.call('PUBLISH', KEYS[18], ARGV[1])
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
