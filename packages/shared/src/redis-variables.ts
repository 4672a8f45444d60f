import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { flag } from './load-config.ts';
import { isLoopback } from './loopback.ts';
import { type Complaint, missingHalf } from './missing-half.ts';
import type { RedisAccess } from './redis.ts';

const fileText = z.string().transform((path, context) => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    context.addIssue({
      code: 'custom',
      message: `Must be a file that can be read: ${(error as Error).message}`,
    });
    return z.NEVER;
  }
});

/** The variables of every process that uses Redis. `.env.example` describes each. */
export const redisVariables = {
  REDIS_URL: z
    .string()
    .regex(/^(redis|rediss|unix):\/\//, 'Must start with redis://, rediss:// or unix://.')
    .refine((url) => url.startsWith('unix:') || URL.parse(url) !== null, 'Must be a valid URL.')
    .default('redis://127.0.0.1:6379'),
  REDIS_PASSWORD_FILE: fileText
    // Files end in a line break, passwords do not.
    .transform((text) => text.replace(/\r?\n$/, ''))
    .refine((password) => password !== '', 'Must not be empty.')
    .optional(),
  REDIS_TLS_CA_FILE: fileText.optional(),
  REDIS_TLS_CERT_FILE: fileText.optional(),
  REDIS_TLS_KEY_FILE: fileText.optional(),
  ALLOW_INSECURE_REDIS: flag.default(false),
};

export type RedisEnvironment = Readonly<z.output<z.ZodObject<typeof redisVariables>>>;

const TLS_FILES = ['REDIS_TLS_CA_FILE', 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE'] as const;

/** What does not fit together, and a Redis elsewhere that anybody on the way could read, or use. */
export function redisComplaints(env: RedisEnvironment): Complaint[] {
  const { REDIS_URL: url, REDIS_PASSWORD_FILE: password } = env;
  const isTls = url.startsWith('rediss://');
  const hasBoth = password !== undefined && passwordIn(url) !== '';
  const idle = TLS_FILES.filter((name) => env[name] !== undefined && !isTls);
  return [
    ...missingHalf(env, 'REDIS_TLS_CERT_FILE', 'REDIS_TLS_KEY_FILE'),
    ...idle.map((variable) => ({ variable, message: 'Only goes with a REDIS_URL of rediss://.' })),
    ...(hasBoth
      ? [{ variable: 'REDIS_PASSWORD_FILE', message: 'Must not be set: REDIS_URL has a password.' }]
      : []),
    ...exposed(env),
  ];
}

/** Where Redis is, and how to prove who we are. */
export function redisAccess(env: RedisEnvironment): RedisAccess {
  const { REDIS_TLS_CA_FILE: ca, REDIS_TLS_CERT_FILE: cert, REDIS_TLS_KEY_FILE: key } = env;
  const isOurs = ca !== undefined || cert !== undefined;
  return {
    url: env.REDIS_URL,
    password: env.REDIS_PASSWORD_FILE,
    tls: isOurs ? { ca, cert, key } : undefined,
  };
}

function exposed(env: RedisEnvironment): Complaint[] {
  const { REDIS_URL: url, REDIS_PASSWORD_FILE: password, ALLOW_INSECURE_REDIS: isAllowed } = env;
  const host = hostOf(url);
  if (host === null || isLoopback(host) || isAllowed) return [];
  const hasPassword = passwordIn(url) !== '' || password !== undefined;
  if (url.startsWith('rediss://') && hasPassword) return [];
  const where = host === '' ? 'it names no host' : `other machines may reach Redis at ${host}`;
  const message = `Must be rediss:// (TLS), with a password in it or in REDIS_PASSWORD_FILE: ${where}, and whoever may write there runs what he likes on every worker. ALLOW_INSECURE_REDIS=true takes it as it is.`;
  return [{ variable: 'REDIS_URL', message }];
}

/** Null: a socket of this machine. Empty: what it is only the client knows. */
function hostOf(url: string): string | null {
  if (url.startsWith('unix:')) return null;
  return (URL.parse(url)?.hostname ?? '').replace(/^\[(.*)\]$/, '$1');
}

function passwordIn(url: string): string {
  return url.startsWith('unix:') ? '' : (URL.parse(url)?.password ?? '');
}
