export * from './client.ts';
export * from './data-of.ts';
export type * as admin from './generated/admin.ts';
export type * as api from './generated/api.ts';
export type {
  Job,
  JobList,
  JobReference,
  JobSpec,
  ListedJob,
  Problem,
  RunAnswer,
  Worker,
} from './generated/api.ts';
export * from './wait-for-job.ts';
