import { jobSpecSchema } from '@conjob/shared';

/** Of job specs, as an API has it whose configuration says nothing. */
export const testSchema = jobSpecSchema({
  maxTimeoutSeconds: 1800,
  maxKillTimeoutSeconds: 10,
  maxRetentionSeconds: 604_800,
  defaultRetentionSeconds: 86_400,
  defaultNetwork: 'bridge',
});
