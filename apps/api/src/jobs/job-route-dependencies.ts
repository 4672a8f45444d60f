import type { FollowDependencies } from '../follow/follow-job.ts';
import type { AbandonedJobs } from './abandoned-jobs.ts';
import type { CurrentSpecSchema } from './current-spec-schema.ts';
import type { JobService } from './job-service.ts';
import type { JobWaits } from './wait-for-job.ts';

/** What the routes of jobs are made of. */
export interface JobRouteDependencies {
  readonly jobs: JobService;
  readonly waits: JobWaits;
  readonly abandoned: AbandonedJobs;
  readonly follow: FollowDependencies;
  readonly specSchema: CurrentSpecSchema;
  readonly maxInputBytes: number;
}
