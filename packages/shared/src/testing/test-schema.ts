import { type JobLimits, jobSpecSchema } from '../job-spec.ts';

/** What tests take for an operator's choice. */
export const TEST_LIMITS: JobLimits = {
  maxTimeoutSeconds: 60,
  maxKillTimeoutSeconds: 30,
  maxRetentionSeconds: 3600,
  defaultRetentionSeconds: 600,
  defaultNetwork: 'none',
  sandbox: { pids: 4_194_304 },
};

export const testSchema = jobSpecSchema(TEST_LIMITS);
