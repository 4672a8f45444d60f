import { availableParallelism } from 'node:os';
import {
  decimal,
  flag,
  imagePatterns,
  profileList,
  redisAccess,
  redisComplaints,
  redisVariables,
  wholeNumber,
} from '@conjob/shared';
import { z } from 'zod';
import { CRASH_POINTS } from './crash-points.ts';
import { parseDockerHost } from './engine/docker/connect-docker.ts';
import { remoteHost } from './engine/docker/exposed-engine.ts';
import { readDockerConfig } from './registry/docker-config.ts';
import type { SandboxSettings } from './sandbox/sandbox-settings.ts';
import { workerLabels } from './worker-labels.ts';

const MEBIBYTE = 1024 * 1024;
const DAY_SECONDS = 86_400;

const dockerHost = z.string().superRefine((host, context) => {
  try {
    parseDockerHost(host, undefined);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

/** More than any token has, and far less than the engine takes in a header. */
const MAX_LOGIN_LENGTH = 16_384;

const loginText = z
  .string()
  .max(MAX_LOGIN_LENGTH, `takes at most ${MAX_LOGIN_LENGTH} characters`)
  .regex(/^\P{Cc}*$/u, 'must not contain control characters, such as a line break');

const dockerConfig = z.string().superRefine((folder, context) => {
  try {
    readDockerConfig(folder);
  } catch (error) {
    context.addIssue({ code: 'custom', message: (error as Error).message });
  }
});

interface DockerVariables {
  readonly DOCKER_HOST?: string | undefined;
  readonly ALLOW_INSECURE_DOCKER?: boolean | undefined;
}

interface TlsVariables {
  readonly DOCKER_TLS_VERIFY?: string | undefined;
  readonly DOCKER_CERT_PATH?: string | undefined;
}

const usesTls = ({ DOCKER_TLS_VERIFY: verify }: TlsVariables): boolean =>
  verify !== undefined && verify !== '0';

const lacksCertificates = (env: TlsVariables): boolean =>
  usesTls(env) && env.DOCKER_CERT_PATH === undefined;

/** Whoever reaches the port of an engine is root on its machine, unless it asks for a certificate. */
const isExposed = (env: TlsVariables & DockerVariables): boolean =>
  !usesTls(env) &&
  String(env.ALLOW_INSECURE_DOCKER) !== 'true' &&
  remoteHost(env.DOCKER_HOST) !== null;

const sandboxVariables = {
  JOB_PROFILES: profileList,
  JOB_LIMIT_MEMORY_BYTES: wholeNumber(6 * MEBIBYTE, Number.MAX_SAFE_INTEGER).optional(),
  JOB_LIMIT_SWAP_BYTES: wholeNumber(0, Number.MAX_SAFE_INTEGER).default(0),
  JOB_LIMIT_CPUS: decimal(0.01, 1024).optional(),
  JOB_LIMIT_PIDS: wholeNumber(1, 4_194_304).optional(),
  UNTRUSTED_RUNTIME: z.string().default('auto'),
  UNTRUSTED_TMP_BYTES: wholeNumber(4096, Number.MAX_SAFE_INTEGER).default(64 * MEBIBYTE),
};

/** The worker's environment. `.env.example` describes each variable. */
export const workerConfigSchema = z
  .object({
    ...redisVariables,
    DOCKER_HOST: dockerHost.optional(),
    DOCKER_TLS_VERIFY: z.string().optional(),
    DOCKER_CERT_PATH: z.string().optional(),
    ALLOW_INSECURE_DOCKER: flag.default(false),
    DOCKER_USERNAME: loginText.regex(/^[^:]*$/, 'must not contain a colon').optional(),
    DOCKER_PASSWORD: loginText.optional(),
    DOCKER_CONFIG: dockerConfig.optional(),
    CONTAINER_RUNTIME: z.string().default('auto'),
    ...sandboxVariables,
    IMAGE_ALLOW: imagePatterns.optional(),
    IMAGE_DIGEST_ONLY: flag.default(false),
    WORKER_NAME: z
      .string()
      .regex(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$/, 'takes 1 to 63 of a-z A-Z 0-9 . _ -')
      .optional(),
    WORKER_LABELS: workerLabels.default({}),
    // Beyond twice the cores, more containers at once only wait for each other.
    WORKER_CONCURRENCY: wholeNumber(1, 1000).default(2 * availableParallelism()),
    // Nobody else touches a job for this long after the last sign of life of its worker.
    WORKER_LEASE_SECONDS: wholeNumber(3, 600).default(30),
    WORKER_HEARTBEAT_FILE: z.string().optional(),
    WORKER_SHUTDOWN_SECONDS: wholeNumber(0, 3600).default(10),
    SECRET_KEYS_DIR: z.string().optional(),
    WORKER_REAPER: z.enum(['child', 'none']).default('child'),
    WORKER_SANDBOX_POOL: z.enum(['on', 'off']).default('on'),
    WORKER_SANDBOX_REUSE: z.enum(['clean', 'never']).default('clean'),
    IMAGE_CACHE_BYTES: wholeNumber(0, Number.MAX_SAFE_INTEGER).optional(),
    DOCKER_CACHE_RETENTION_SECONDS: wholeNumber(60, 10 * 365 * DAY_SECONDS).default(
      7 * DAY_SECONDS,
    ),
    MAX_OUTPUT_BYTES: wholeNumber(1, 1024 * MEBIBYTE).default(16 * MEBIBYTE),
    CONJOB_CRASH_AT: z.enum(CRASH_POINTS, `must be one of ${CRASH_POINTS.join(', ')}`).optional(),
    CONJOB_CRASH_LABEL: z
      .string()
      .regex(/^[^=]+=/, 'must be name=value')
      .transform((label) => {
        const [name = '', ...value] = label.split('=');
        return { name, value: value.join('=') };
      })
      .optional(),
    LOG_LEVEL: z
      .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
      .default('info'),
  })
  .refine((env) => !lacksCertificates(env), {
    path: ['DOCKER_CERT_PATH'],
    error: 'is needed with DOCKER_TLS_VERIFY: a folder with ca.pem, cert.pem and key.pem',
    // Also when other variables are wrong: all are told at once.
    when: () => true,
  })
  .refine((env) => !isExposed(env), {
    path: ['DOCKER_HOST'],
    error:
      'needs DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH: whoever reaches an engine by tcp:// without a certificate is root on its machine. ALLOW_INSECURE_DOCKER=true takes it as it is.',
    when: () => true,
  })
  .superRefine((env, context) => {
    for (const { variable, message } of redisComplaints(env)) {
      context.addIssue({ code: 'custom', path: [variable], message });
    }
  })
  .refine((env) => env.DOCKER_USERNAME === undefined || env.DOCKER_PASSWORD !== undefined, {
    path: ['DOCKER_PASSWORD'],
    error: 'is needed with DOCKER_USERNAME',
    when: () => true,
  })
  .refine((env) => env.DOCKER_PASSWORD === undefined || env.DOCKER_USERNAME !== undefined, {
    path: ['DOCKER_USERNAME'],
    error: 'is needed with DOCKER_PASSWORD',
    when: () => true,
  })
  .transform((env) => ({
    redis: redisAccess(env),
    engineAddress: parseDockerHost(
      env.DOCKER_HOST,
      usesTls(env) ? env.DOCKER_CERT_PATH : undefined,
    ),
    registryLogins: {
      defaultLogin:
        env.DOCKER_USERNAME === undefined || env.DOCKER_PASSWORD === undefined
          ? undefined
          : { username: env.DOCKER_USERNAME, password: env.DOCKER_PASSWORD },
      configFolder: env.DOCKER_CONFIG,
    },
    sandbox: {
      profiles: env.JOB_PROFILES,
      memoryBytes: env.JOB_LIMIT_MEMORY_BYTES,
      swapBytes: env.JOB_LIMIT_SWAP_BYTES,
      cpus: env.JOB_LIMIT_CPUS,
      pids: env.JOB_LIMIT_PIDS,
      runtime: ['auto', 'default'].includes(env.CONTAINER_RUNTIME)
        ? undefined
        : env.CONTAINER_RUNTIME,
      untrustedRuntime: env.UNTRUSTED_RUNTIME === 'auto' ? undefined : env.UNTRUSTED_RUNTIME,
      untrustedTmpBytes: env.UNTRUSTED_TMP_BYTES,
    } satisfies SandboxSettings as SandboxSettings,
    choosesRuntime: env.CONTAINER_RUNTIME === 'auto',
    images: { allow: env.IMAGE_ALLOW, digestOnly: env.IMAGE_DIGEST_ONLY },
    name: env.WORKER_NAME,
    labels: env.WORKER_LABELS,
    concurrency: env.WORKER_CONCURRENCY,
    leaseMs: env.WORKER_LEASE_SECONDS * 1000,
    heartbeatFile: env.WORKER_HEARTBEAT_FILE,
    shutdownGraceMs: env.WORKER_SHUTDOWN_SECONDS * 1000,
    secretKeysFolder: env.SECRET_KEYS_DIR,
    hasReaper: env.WORKER_REAPER === 'child',
    hasNetworkPool: env.WORKER_SANDBOX_POOL === 'on',
    networkReuse: env.WORKER_SANDBOX_REUSE,
    imageCacheBytes: env.IMAGE_CACHE_BYTES,
    dockerCacheRetentionMs: env.DOCKER_CACHE_RETENTION_SECONDS * 1000,
    maxOutputBytes: env.MAX_OUTPUT_BYTES,
    crash: { at: env.CONJOB_CRASH_AT, label: env.CONJOB_CRASH_LABEL },
    logLevel: env.LOG_LEVEL,
  }));

export type WorkerConfig = Readonly<z.output<typeof workerConfigSchema>>;
