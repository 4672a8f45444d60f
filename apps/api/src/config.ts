import {
  DEFAULT_PROFILE,
  decimal,
  flag,
  imagePatterns,
  JOB_NETWORKS,
  type JobLimits,
  LIMITS,
  type LimitName,
  type LimitValues,
  loadConfig,
  missingHalf,
  PROFILES,
  profileList,
  redisAccess,
  redisComplaints,
  redisVariables,
  wholeNumber,
} from '@conjob/shared';
import { z } from 'zod';
import {
  hostsOf,
  LOGIN_VARIABLES,
  loginComplaints,
  loginOf,
  password,
  username,
} from './auth/login-variables.ts';
import type { ConnectionLimits } from './http/connection-limits.ts';

const MIB = 1024 * 1024;
const WEEK_SECONDS = 7 * 24 * 3600;
const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

const oneOf = <const Value extends string>(values: readonly Value[]) =>
  z.enum(values, `Must be one of ${values.join(', ')}.`);

const isOrigin = (text: string): boolean => text === '*' || URL.parse(text)?.origin === text;

const origins = z
  .string()
  .transform((list) =>
    list
      .split(',')
      .map((origin) => origin.trim())
      .filter((origin) => origin !== ''),
  )
  .refine(
    (list) => list.every(isOrigin),
    'Must be * or origins such as https://ci.example, with commas between.',
  )
  .default([]);

const limit = (name: LimitName) => {
  const { least, most, standard } = LIMITS[name];
  return wholeNumber(least, most).default(standard);
};

const schema = z
  .object({
    /** 0: any free port. */
    PORT: wholeNumber(0, 65_535).default(8080),
    ADMIN_PORT: wholeNumber(0, 65_535).default(8081),
    HOST: z.string().default('127.0.0.1'),
    /** Where the port of a container is published: who reaches it does not depend on HOST then. */
    PUBLISHED_AT: z.string().optional(),
    ADMIN_PUBLISHED_AT: z.string().optional(),
    AUTH_USERNAME: username,
    AUTH_PASSWORD: password,
    ADMIN_USERNAME: username,
    ADMIN_PASSWORD: password,
    LOGIN_FAILURES_PER_MINUTE: wholeNumber(1, 60_000).default(20),
    TLS_CERT_FILE: z.string().optional(),
    TLS_KEY_FILE: z.string().optional(),
    ALLOW_UNAUTHENTICATED: oneOf(['true', 'false']).default('false'),
    ...redisVariables,
    LOG_LEVEL: oneOf(LOG_LEVELS).default('info'),
    MAX_INPUT_BYTES: wholeNumber(1, 256 * MIB).default(10 * MIB),
    MAX_HEADER_BYTES: wholeNumber(4096, MIB).default(16 * 1024),
    MAX_CONNECTIONS: wholeNumber(1, 1_000_000).default(10_000),
    NEW_JOBS_AT_ONCE: wholeNumber(1, 1_000_000).default(128),
    HEADERS_TIMEOUT_SECONDS: wholeNumber(1, 3600).default(10),
    REQUEST_TIMEOUT_SECONDS: wholeNumber(1, 24 * 3600).default(120),
    // Longer than load balancers keep a connection: they must be the ones that close it.
    KEEP_ALIVE_SECONDS: wholeNumber(1, 3600).default(75),
    CLIENT_STALL_SECONDS: wholeNumber(1, 3600).default(60),
    JOB_LIMIT_REQ: limit('maxGlobalRequestsPerSecond'),
    JOB_LIMIT_CONCURRENT: limit('maxConcurrentRuns'),
    JOB_LIMIT_TIMEOUT: limit('maxTimeoutSeconds'),
    JOB_LIMIT_KILL_TIMEOUT: limit('maxKillTimeoutSeconds'),
    JOB_LIMIT_QUEUED: limit('maxQueuedJobs'),
    JOB_NETWORK: oneOf(JOB_NETWORKS).default('bridge'),
    JOB_PROFILE: oneOf(PROFILES).default(DEFAULT_PROFILE),
    JOB_PROFILES: profileList,
    IMAGE_ALLOW: imagePatterns.optional(),
    IMAGE_DIGEST_ONLY: flag.default(false),
    JOB_LIMIT_MEMORY_BYTES: wholeNumber(6 * MIB, Number.MAX_SAFE_INTEGER).optional(),
    JOB_LIMIT_CPUS: decimal(0.01, 1024).optional(),
    JOB_LIMIT_PIDS: wholeNumber(1, 4_194_304).optional(),
    JOB_RETENTION_SECONDS: wholeNumber(1, WEEK_SECONDS).default(24 * 3600),
    CORS_ORIGINS: origins,
    SECRET_KEYS_DIR: z.string().optional(),
  })
  .refine((env) => env.PORT === 0 || env.PORT !== env.ADMIN_PORT, {
    path: ['ADMIN_PORT'],
    error: 'Must be another port than PORT.',
  })
  .refine((env) => env.JOB_PROFILES.includes(env.JOB_PROFILE), {
    path: ['JOB_PROFILE'],
    error: 'Must be one of JOB_PROFILES.',
  })
  .superRefine((env, context) => {
    const halves = missingHalf(env, 'TLS_CERT_FILE', 'TLS_KEY_FILE');
    for (const { variable, message } of [
      ...loginComplaints(env),
      ...redisComplaints(env),
      ...halves,
    ]) {
      context.addIssue({ code: 'custom', path: [variable], message });
    }
  })
  .transform((env) => ({
    port: env.PORT,
    adminPort: env.ADMIN_PORT,
    host: env.HOST,
    /** Where others reach the two ports, as far as is known. */
    reachedAt: hostsOf(env),
    /** What each port asks for; null: nothing. */
    logins: {
      api: loginOf(env.AUTH_USERNAME, env.AUTH_PASSWORD),
      admin: loginOf(env.ADMIN_USERNAME, env.ADMIN_PASSWORD),
    },
    /** So many wrong passwords one address may send to a port. */
    loginFailuresPerMinute: env.LOGIN_FAILURES_PER_MINUTE,
    /** The files that both ports speak TLS with; null: they speak plain HTTP. */
    tls:
      env.TLS_CERT_FILE === undefined || env.TLS_KEY_FILE === undefined
        ? null
        : { certFile: env.TLS_CERT_FILE, keyFile: env.TLS_KEY_FILE },
    redis: redisAccess(env),
    logLevel: env.LOG_LEVEL,
    maxInputBytes: env.MAX_INPUT_BYTES,
    /** How many are on their way into Redis at a time. */
    newJobsAtOnce: env.NEW_JOBS_AT_ONCE,
    connections: {
      maxHeaderBytes: env.MAX_HEADER_BYTES,
      maxConnections: env.MAX_CONNECTIONS,
      headersTimeoutMs: env.HEADERS_TIMEOUT_SECONDS * 1000,
      requestTimeoutMs: env.REQUEST_TIMEOUT_SECONDS * 1000,
      keepAliveMs: env.KEEP_ALIVE_SECONDS * 1000,
    } satisfies ConnectionLimits as ConnectionLimits,
    /** How long a client may take nothing of the answer that is ready for it. */
    clientStallMs: env.CLIENT_STALL_SECONDS * 1000,
    /** Web origins whose pages may start jobs; `*` allows all. */
    corsOrigins: env.CORS_ORIGINS as readonly string[],
    /** Folder of the keys that secrets are sealed with. */
    secretKeysFolder: env.SECRET_KEYS_DIR,
    /** What holds as long as no operator sets anything else. */
    limits: {
      maxGlobalRequestsPerSecond: env.JOB_LIMIT_REQ,
      maxConcurrentRuns: env.JOB_LIMIT_CONCURRENT,
      maxQueuedJobs: env.JOB_LIMIT_QUEUED,
      maxTimeoutSeconds: env.JOB_LIMIT_TIMEOUT,
      maxKillTimeoutSeconds: env.JOB_LIMIT_KILL_TIMEOUT,
      maxRetentionSeconds: WEEK_SECONDS,
      defaultRetentionSeconds: env.JOB_RETENTION_SECONDS,
      defaultNetwork: env.JOB_NETWORK,
      defaultProfile: env.JOB_PROFILE,
      images: { allow: env.IMAGE_ALLOW, digestOnly: env.IMAGE_DIGEST_ONLY },
      sandbox: {
        profiles: env.JOB_PROFILES,
        memoryBytes: env.JOB_LIMIT_MEMORY_BYTES,
        cpus: env.JOB_LIMIT_CPUS,
        pids: env.JOB_LIMIT_PIDS,
      },
    } satisfies JobLimits & LimitValues as JobLimits & LimitValues,
  }));

export type ApiConfig = Readonly<z.output<typeof schema>>;

/** Throws `ConfigError`, which names every variable that is wrong. */
export function loadApiConfig(env: NodeJS.ProcessEnv): ApiConfig {
  return loadConfig(schema, env, LOGIN_VARIABLES);
}
