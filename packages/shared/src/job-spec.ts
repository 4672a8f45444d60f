import { z } from 'zod';
import { GROUP, GROUP_RULE } from './group.ts';
import { type ImagePolicy, imageRefusal } from './image-policy.ts';
import { InvalidImageReferenceError } from './image-reference.ts';
import { isRetryCause } from './retry-policy.ts';
import {
  DEFAULT_PROFILE,
  JOB_NETWORKS,
  type JobNetwork,
  PROFILES,
  type Profile,
} from './sandbox.ts';
import { refusals, type SandboxBounds } from './sandbox-rules.ts';
import type { SealedValues } from './secrets/secret-env.ts';
import { environment, secretEnvironment, text, texts, utf8Text } from './spec-texts.ts';

/** What an operator allows and what a job gets that does not ask. Times in seconds. */
export interface JobLimits {
  readonly maxTimeoutSeconds: number;
  readonly maxKillTimeoutSeconds: number;
  readonly maxRetentionSeconds: number;
  readonly defaultRetentionSeconds: number;
  readonly defaultNetwork: JobNetwork;
  /** Default: `default`. */
  readonly defaultProfile?: Profile;
  readonly sandbox?: SandboxBounds;
  readonly images?: ImagePolicy;
}

export const PULL_POLICIES = ['always', 'absent', 'never'] as const;
export type PullPolicy = (typeof PULL_POLICIES)[number];

/** Linux: one argument or `NAME=value` must be shorter than 32 pages, its final NUL included. */
export const MAX_ARGUMENT_BYTES = 128 * 1024 - 1;

const DEFAULT_PULL_TIMEOUT_SECONDS = 300;
const MAX_PULL_TIMEOUT_SECONDS = 3600;
const MAX_QUEUE_TIMEOUT_SECONDS = 7 * 24 * 3600;
export const MAX_PRIORITY = 1000;
const MAX_ATTEMPTS = 100;
const MAX_BACKOFF_SECONDS = 3600;
/** The engine's own least memory limit. */
const MIN_MEMORY_BYTES = 6 * 1024 * 1024;

const shortText = text.min(1, 'Must not be empty.').max(255, 'At most 255 characters.');

const image = (policy: ImagePolicy) =>
  z.string('An image is required.').check(({ value: input, issues }) => {
    const message = imageComplaint(input, policy);
    if (message !== null) issues.push({ code: 'custom', message, input });
  });

function imageComplaint(text: string, policy: ImagePolicy): string | null {
  try {
    return imageRefusal(text, policy);
  } catch (error) {
    if (!(error instanceof InvalidImageReferenceError)) throw error;
    return error.message;
  }
}

const pull = z
  .string()
  .toLowerCase()
  .pipe(z.enum(PULL_POLICIES, 'Must be one of always, absent, never.'));

const LABEL = /^[a-z0-9.\-/_]{1,63}$/;
const labelName = z.string().regex(LABEL, 'A label name takes 1 to 63 of a-z 0-9 . - / _');

const labels = texts(labelName, text.max(255, 'At most 255 characters.'));

/** What a worker has: see `WORKER_LABELS`. */
const workerLabels = texts(
  labelName,
  z.string('Must be text.').regex(LABEL, 'A label value takes 1 to 63 of a-z 0-9 . - / _'),
);

const seconds = (maximum: number) =>
  z
    .number('Must be a number of seconds.')
    .int('Must be a whole number of seconds.')
    .min(1, 'Must be at least 1 second.')
    .max(maximum, `Must be at most ${maximum} seconds, the configured maximum.`);

const resources = z.strictObject({
  memoryBytes: z.int().min(MIN_MEMORY_BYTES, 'Must be at least 6 MiB (6291456).').optional(),
  cpus: z
    .number()
    .min(0.01, 'Must be at least 0.01.')
    .max(1024, 'Must be at most 1024.')
    .optional(),
  pids: z.int().min(1, 'Must be at least 1.').max(4_194_304, 'Must be at most 4194304.').optional(),
});

/** Of the labels that a worker has, and a job requires. */
export { workerLabels as workerLabelsSchema };

const retry = z.strictObject({
  /** All runs together. There is no retry without bound. */
  maxAttempts: z
    .int('A whole number is required: there is no retry without bound.')
    .min(2, 'Must be at least 2: the first run counts.')
    .max(MAX_ATTEMPTS, `Must be at most ${MAX_ATTEMPTS}.`),
  on: z
    .array(
      z
        .string()
        .refine(isRetryCause, 'Must be an error code such as worker.lost, or exit:1 to exit:255.'),
    )
    .min(1, 'Must name at least one cause.')
    .max(64)
    .default(['worker.lost']),
  backoffSeconds: z
    .int('Must be a whole number of seconds.')
    .min(0, 'Must not be negative.')
    .max(MAX_BACKOFF_SECONDS, `Must be at most ${MAX_BACKOFF_SECONDS} seconds.`)
    .default(0),
});

/** The one schema of a job spec: what `POST /jobs` takes as JSON, and what a query becomes. */
export function jobSpecSchema(limits: JobLimits) {
  return jobSpecFields(limits)
    .check(({ value, issues }) => {
      const twice = Object.keys(value.secretEnv).filter((name) => Object.hasOwn(value.env, name));
      const wrong = [
        ...refusals(value, limits.sandbox ?? {}),
        ...twice.map((name) => ({ path: ['secretEnv', name], message: 'Is in env as well.' })),
      ];
      for (const { path, message } of wrong) {
        issues.push({ code: 'custom', message, path: [...path], input: value });
      }
    })
    .transform((job) => ({ ...job, network: job.network ?? defaultNetworkOf(job, limits) }));
}

function defaultNetworkOf({ profile }: { profile: Profile }, limits: JobLimits): JobNetwork {
  return profile === 'untrusted' ? 'none' : limits.defaultNetwork;
}

function jobSpecFields(limits: JobLimits) {
  return z.strictObject({
    image: image(limits.images ?? {}),
    /** Replaces the image's ENTRYPOINT. */
    entrypoint: z.array(text).max(4096).optional(),
    /** Replaces the image's CMD, as behind the image in `docker run`. */
    args: z.array(text).max(65_536).default([]),
    /** Standard input as UTF-8; without it the container has none. */
    stdin: utf8Text.optional(),
    env: environment.default({}),
    /** More of the environment, whose values are stored sealed, and masked in the output. */
    secretEnv: secretEnvironment.default({}),
    workdir: text.max(4096).regex(/^\//, 'Must be an absolute path.').optional(),
    user: shortText.optional(),
    pull: pull.default('always'),
    platform: z
      .string()
      .regex(/^[a-z0-9]+\/[a-z0-9]+(\/[a-z0-9]+)?$/, 'Looks like linux/amd64 or linux/arm/v7.')
      .max(64)
      .optional(),
    remove: z.boolean().default(false),
    removeImage: z.boolean().default(false),
    /** Unset: true where the worker's runtime is sysbox-runc. */
    useDockerCache: z.boolean().optional(),
    timeoutSeconds: seconds(limits.maxTimeoutSeconds).default(limits.maxTimeoutSeconds),
    killTimeoutSeconds: z
      .int('Must be a whole number of seconds.')
      .min(0, 'Must not be negative.')
      .max(
        limits.maxKillTimeoutSeconds,
        `Must be at most ${limits.maxKillTimeoutSeconds} seconds, the configured maximum.`,
      )
      .default(limits.maxKillTimeoutSeconds),
    queueTimeoutSeconds: seconds(MAX_QUEUE_TIMEOUT_SECONDS).optional(),
    pullTimeoutSeconds: seconds(MAX_PULL_TIMEOUT_SECONDS).default(DEFAULT_PULL_TIMEOUT_SECONDS),
    resources: resources.default({}),
    /** How the container is confined. */
    profile: z
      .enum(PROFILES, `Must be one of ${PROFILES.join(', ')}.`)
      .default(limits.defaultProfile ?? DEFAULT_PROFILE),
    /** Unset: none for an untrusted job, else what is configured. */
    network: z.enum(JOB_NETWORKS, 'Must be bridge or none.').optional(),
    /** Puts an init process before the program, which forwards signals and reaps orphans. */
    init: z.boolean().default(false),
    labels: labels.default({}),
    /** Labels that the worker must have. */
    requires: workerLabels.default({}),
    /** Higher runs first, among the jobs of its group. */
    priority: z
      .int('Must be a whole number.')
      .min(-MAX_PRIORITY, `Must be at least -${MAX_PRIORITY}.`)
      .max(MAX_PRIORITY, `Must be at most ${MAX_PRIORITY}.`)
      .default(0),
    /** Whose job it is, where the caller may say that: groups take turns. */
    group: z.string('Must be text.').regex(GROUP, GROUP_RULE).optional(),
    /** Unset: whatever was started once is never started again. */
    retry: retry.optional(),
    retentionSeconds: seconds(limits.maxRetentionSeconds).default(limits.defaultRetentionSeconds),
  });
}

export type JobSpecSchema = ReturnType<typeof jobSpecSchema>;
/** A job spec as a caller writes it: only `image` is required. */
export type JobSpecInput = z.input<JobSpecSchema>;
/** A job spec with every default filled in. */
export type JobRequest = z.output<JobSpecSchema>;

/** What is stored and queued: the request, its secrets sealed, its standard input replaced by the size of it. */
export type JobSpec = Omit<JobRequest, 'stdin' | 'secretEnv'> & {
  /** Its `secretEnv`; left out when there is none. */
  readonly sealedEnv?: SealedValues;
  /** Null: the container gets no standard input at all. */
  readonly stdinBytes: number | null;
  /** The trace of the request that made it; left out when it had none. Not a part of what was asked for. */
  readonly traceparent?: string;
};

/** A stored spec; what versions before had no field for, they had as it is here. */
export function readJobSpec(text: string): JobSpec {
  const stored = JSON.parse(text) as Partial<JobSpec>;
  return { profile: DEFAULT_PROFILE, init: false, ...stored } as JobSpec;
}
