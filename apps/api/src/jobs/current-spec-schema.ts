import { type JobLimits, type JobSpecSchema, jobSpecSchema, type Limits } from '@conjob/shared';

/** The schema of a job spec by the limits as they are at the moment. */
export type CurrentSpecSchema = () => Promise<JobSpecSchema>;

/** Asks for the limits each time: whatever an operator sets holds for the next request, to any process. */
export function currentSpecSchema(
  limits: Pick<Limits, 'current'>,
  others: JobLimits,
): CurrentSpecSchema {
  let made = { ...others, schema: jobSpecSchema(others) };
  return async () => {
    const { maxTimeoutSeconds, maxKillTimeoutSeconds } = await limits.current();
    const isMade =
      made.maxTimeoutSeconds === maxTimeoutSeconds &&
      made.maxKillTimeoutSeconds === maxKillTimeoutSeconds;
    if (!isMade) {
      const all = { ...others, maxTimeoutSeconds, maxKillTimeoutSeconds };
      made = { ...all, schema: jobSpecSchema(all) };
    }
    return made.schema;
  };
}
