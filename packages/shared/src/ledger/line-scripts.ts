import { DEFAULT_GROUP } from '../group.ts';

/**
 * Who is next: in each queue the groups take turns, and in each group the most important job goes first, then
 * the one that has waited longest. A group that has jobs in a queue has a *turn* there, a number out of one
 * counter; the lowest is next, and whoever was next gets a new one, behind all others. So a group waits for one
 * job of each other group, however many those have.
 *
 * `k`: waitingPrefix, turnsPrefix, lastTurn.
 */
export const LINES = `
-- A rank is 0 to 2000, so that it and the time fit into the 53 bits of a score; 1577836800000 is the beginning of 2020.
local function placeOf(rank, since) return rank * 1e12 + (since - 1577836800000) end
local function groupOf(field) return field or '${DEFAULT_GROUP}' end
-- No queue has a colon in its name.
local function lineOf(k, queue, group) return k.waitingPrefix .. queue .. ':' .. group end
local function giveTurn(k, queue, group)
  redis.call('ZADD', k.turnsPrefix .. queue, redis.call('INCR', k.lastTurn), group)
end
local function joinLine(k, queue, group, id, place)
  redis.call('ZADD', lineOf(k, queue, group), place, id)
  if not redis.call('ZSCORE', k.turnsPrefix .. queue, group) then giveTurn(k, queue, group) end
end
-- Returns whether others of its group still wait there.
local function leaveLine(k, queue, group, id)
  local line = lineOf(k, queue, group)
  redis.call('ZREM', line, id)
  if redis.call('EXISTS', line) == 1 then return true end
  redis.call('ZREM', k.turnsPrefix .. queue, group)
  return false
end
`;

/** So many jobs of a newer version are passed over in search of one that can be read. */
const MAX_PASSED = 100;

/**
 * The job that is next in a queue. What a worker of an earlier version has left behind is put right on the
 * way: it knows of no lines, takes jobs without leaving them, and gives them back without joining again.
 *
 * `k.jobPrefix` besides. `own`: the job of the ticket.
 */
export const NEXT = `${LINES}
local function joinIfMissing(k, id)
  local f = redis.pcall('HMGET', k.jobPrefix .. id, 'state', 'queue', 'group', 'rank', 'createdAt', 'retryAt')
  if f.err then return 'unreadable' end
  if f[1] ~= 'queued' or tonumber(f[6] or 0) > now then return f[1] end
  local group = groupOf(f[3])
  if not redis.call('ZSCORE', lineOf(k, f[2], group), id) then
    joinLine(k, f[2], group, id, placeOf(f[4], tonumber(f[6] or f[5])))
  end
  return f[1]
end
-- When there is none for this version, returns nil, why not, and one that was passed over.
local function nextJob(k, queue, own, version)
  local isKnown = joinIfMissing(k, own)
  local turns = k.turnsPrefix .. queue
  local groupsPassed, jobsPassed, passed, newer = 0, 0, 0, nil
  while passed < ${MAX_PASSED} do
    local group = redis.call('ZRANGE', turns, groupsPassed, groupsPassed)[1]
    if not group then break end
    local id = redis.call('ZRANGE', lineOf(k, queue, group), jobsPassed, jobsPassed)[1]
    if not id then
      if jobsPassed == 0 then redis.call('ZREM', turns, group)
      else groupsPassed, jobsPassed = groupsPassed + 1, 0 end
    else
      local f = redis.pcall('HMGET', k.jobPrefix .. id, 'state', 'v')
      if f.err or f[1] ~= 'queued' then leaveLine(k, queue, group, id)
      elseif tonumber(f[2]) <= tonumber(version) then return id
      else
        jobsPassed, passed = jobsPassed + 1, passed + 1
        newer = newer or id
      end
    end
  end
  if newer then return nil, 'newer', newer end
  return nil, isKnown and 'nothing' or 'missing'
end
`;

/** KEYS: prefix of jobs, of waiting, of turns, last turn. ARGV: id. For a job that is due, and queued. */
export const JOIN_LINE = `#!lua flags=allow-oom
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
${NEXT}
joinIfMissing({ jobPrefix = KEYS[1], waitingPrefix = KEYS[2], turnsPrefix = KEYS[3], lastTurn = KEYS[4] }, ARGV[1])
`;

/** Groups whose jobs are counted one by one; of more than these, as many are assumed in the others. */
const MAX_COUNTED = 200;

/**
 * KEYS: job, prefixes of waiting and turns. ARGV: id. How many jobs of the queue go before it, as things are
 * now; nothing when it does not wait. One that is not due yet is where it would be if it were.
 */
export const POSITION = `${LINES}
local k = { waitingPrefix = KEYS[2], turnsPrefix = KEYS[3] }
local f = redis.call('HMGET', KEYS[1], 'state', 'queue', 'group', 'rank', 'createdAt', 'retryAt')
if f[1] ~= 'queued' then return nil end
local queue, group = f[2], groupOf(f[3])
local turns, line = k.turnsPrefix .. queue, lineOf(k, queue, group)
local place = placeOf(f[4], tonumber(f[6] or f[5]))
local before = redis.call('ZRANK', line, ARGV[1]) or redis.call('ZCOUNT', line, '-inf', '(' .. string.format('%.0f', place))
local mine = tonumber(redis.call('ZSCORE', turns, group)) or math.huge
local groups = redis.call('ZCARD', turns)
-- In the round in which it is taken, only those go before it whose turn comes before that of its own group.
local inLast = redis.call('ZRANK', turns, group) or groups
if before == 0 and inLast > ${MAX_COUNTED} then return inLast end
local counted = redis.call('ZRANGE', turns, 0, ${MAX_COUNTED - 1}, 'WITHSCORES')
local others, looked = 0, 0
for n = 1, #counted, 2 do
  if counted[n] ~= group then
    local rounds = before + (tonumber(counted[n + 1]) < mine and 1 or 0)
    if rounds > 0 then others = others + math.min(rounds, redis.call('ZCARD', lineOf(k, queue, counted[n]))) end
    looked = looked + 1
  end
end
if groups > ${MAX_COUNTED} and looked > 0 then others = math.floor(others * (groups - (mine < math.huge and 1 or 0)) / looked) end
return before + others
`;
