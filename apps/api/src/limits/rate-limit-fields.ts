import { type JobRate, LIMITS } from '@conjob/shared';

/** The window of the limiter, which slides: whatever was taken comes back within it. */
const WINDOW_SECONDS = 1;

/**
 * RateLimit-Policy and RateLimit (draft-ietf-httpapi-ratelimit-headers-10) as the limiter itself has counted:
 * `q` new jobs within `w` seconds, of which `r` are left and all are back after `t`. Nothing where there is no limit.
 */
export function rateLimitFields(rate: JobRate | null): Record<string, string> {
  if (rate === null || rate.allowed >= LIMITS.maxGlobalRequestsPerSecond.most) return {};
  return {
    'RateLimit-Policy': `"jobs";q=${rate.allowed};w=${WINDOW_SECONDS}`,
    RateLimit: `"jobs";r=${rate.left};t=${WINDOW_SECONDS}`,
  };
}
