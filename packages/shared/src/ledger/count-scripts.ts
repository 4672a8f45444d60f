import { JOB_PARTS } from '../job-result.ts';

/** Bounds of the histograms of durations, in milliseconds. */
export const DURATION_BOUNDS_MS = [
  10, 50, 100, 500, 1000, 5000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000,
] as const;

/**
 * What has become of all jobs so far, for whoever watches the service: in the script that ends a job, so that
 * each counts once, whichever process ends it. A result that can't be read counts nowhere, and ends all the same.
 */
export const COUNT = `
local function observe(more, part, ms)
  if type(ms) ~= 'number' then return end
  local le = 'inf'
  for _, bound in ipairs({ ${DURATION_BOUNDS_MS.join(', ')} }) do
    if ms <= bound then
      le = bound
      break
    end
  end
  table.insert(more, { part .. ':le:' .. le, 1 })
  table.insert(more, { part .. ':ms', math.floor(ms) })
end
-- Two commands for all of them: each that writes is a line of the append-only file as well.
local function add(totals, more)
  local names, values = {}, {}
  for n, one in ipairs(more) do names[n] = one[1] end
  local known = redis.call('HMGET', totals, unpack(names))
  for n, one in ipairs(more) do
    values[2 * n - 1], values[2 * n] = one[1], string.format('%.0f', (known[n] or 0) + one[2])
  end
  redis.call('HSET', totals, unpack(values))
end
local function count(totals, result)
  local isRead, r = pcall(cjson.decode, result)
  if not isRead or type(r) ~= 'table' then return end
  local more = { { 'finished:' .. tostring(r.conclusion), 1 } }
  if type(r.timings) == 'table' then
    for _, part in ipairs({ ${JOB_PARTS.map((part) => `'${part}'`).join(', ')} }) do
      observe(more, part, r.timings[part .. 'Ms'])
    end
  end
  add(totals, more)
end
`;
