import { CONCLUSION_NAMES, JOB_NETWORKS, JOB_PHASES, JOB_STATES, PROFILES } from '@conjob/shared';
import { z } from 'zod';

// Strict: a field that an answer has and its schema has not is found by the tests.

const time = z.iso.datetime({ precision: 3 }).meta({ description: 'ISO 8601, in UTC.' });
const milliseconds = z.int().nullable();
const conclusion = z.enum(CONCLUSION_NAMES as [string, ...string[]]);

const jobError = z
  .strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() })
  .meta({ description: 'Why a job did not simply run to its end: see docs/errors.md.' });

const timings = z
  .strictObject({
    queueMs: milliseconds,
    pullMs: milliseconds,
    createMs: milliseconds,
    runMs: milliseconds,
  })
  .meta({
    description: 'What the time went into; null for what is not over yet, or was not reached.',
  });

const sandbox = z.strictObject({
  profile: z.enum(PROFILES),
  runtime: z.string(),
  network: z.enum(JOB_NETWORKS),
  droppedCapabilities: z.array(z.string()),
  noNewPrivileges: z.boolean(),
  seccomp: z.boolean(),
  readOnlyRoot: z.boolean(),
  tmpfs: z.record(z.string(), z.int()),
  user: z.string().nullable(),
  init: z.boolean(),
  memoryBytes: z.int().nullable(),
  swapBytes: z.int().nullable(),
  cpus: z.number().nullable(),
  pids: z.int().nullable(),
});

const links = z.strictObject({
  self: z.string(),
  output: z.string(),
  events: z.string(),
  cancel: z.string(),
});

const ended = {
  conclusion: conclusion.nullable(),
  exitCode: z.int().min(-1).max(255).nullable(),
  error: jobError.nullable(),
  outputBytes: z.int().nullable(),
  outputTruncated: z.boolean(),
  outputMasked: z.boolean(),
  timings,
};

const attempt = z.strictObject({
  ...ended,
  number: z.int().min(1),
  worker: z.string(),
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  links: z.strictObject({ output: z.string() }),
});

const progress = z.strictObject({
  layers: z.int(),
  layersDone: z.int(),
  bytes: z.int(),
  totalBytes: z.int(),
});

export const listedJob = z.strictObject({
  ...ended,
  id: z.string(),
  state: z.enum(JOB_STATES),
  phase: z.enum(JOB_PHASES).nullable(),
  progress: progress.nullable(),
  message: z.string().nullable(),
  cancelReason: z.string().nullable(),
  image: z.string(),
  secretEnv: z.array(z.string()),
  imageDigest: z.string().nullable(),
  sandbox: sandbox.nullable(),
  labels: z.record(z.string(), z.string()),
  group: z.string(),
  traceparent: z.string().nullable(),
  attempts: z.array(attempt),
  createdAt: time,
  startedAt: time.nullable(),
  finishedAt: time.nullable(),
  waiting: z.strictObject({ position: z.int().min(1), reason: z.string() }).nullable(),
  links,
});

export const job = listedJob.extend({ output: z.string().nullable() });

export const jobReference = z
  .strictObject({ id: z.string(), links })
  .meta({ description: 'Of a job that was accepted, while Redis does not answer.' });

export const jobList = z.strictObject({ jobs: z.array(listedJob) });

export const runAnswer = z.strictObject({
  id: z.string().nullable().meta({ description: 'Null when no job was made of the request.' }),
  conclusion,
  output: z.string(),
  exitCode: z.int().min(-1).max(255),
  message: z.string(),
  error: jobError.optional(),
});
