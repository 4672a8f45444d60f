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
local function observe(totals, part, ms)
  if type(ms) ~= 'number' then return end
  local le = 'inf'
  for _, bound in ipairs({ ${DURATION_BOUNDS_MS.join(', ')} }) do
    if ms <= bound then
      le = bound
      break
    end
  end
  redis.call('HINCRBY', totals, part .. ':le:' .. le, 1)
  redis.call('HINCRBY', totals, part .. ':ms', math.floor(ms))
end
local function count(totals, result)
  local isRead, r = pcall(cjson.decode, result)
  if not isRead or type(r) ~= 'table' then return end
  redis.call('HINCRBY', totals, 'finished:' .. tostring(r.conclusion), 1)
  if type(r.timings) ~= 'table' then return end
  for _, part in ipairs({ ${JOB_PARTS.map((part) => `'${part}'`).join(', ')} }) do
    observe(totals, part, r.timings[part .. 'Ms'])
  end
end
`;
