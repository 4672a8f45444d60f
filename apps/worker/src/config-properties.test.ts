import { ConfigError, loadConfig } from '@conjob/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { workerConfigSchema } from './config.ts';

const MANY = Number.MAX_SAFE_INTEGER;

/** Each variable that is a whole number, with its least and most. */
const WHOLE: Record<string, readonly [number, number]> = {
  JOB_LIMIT_MEMORY_BYTES: [6 * 1024 ** 2, MANY],
  JOB_LIMIT_SWAP_BYTES: [0, MANY],
  JOB_LIMIT_PIDS: [1, 4_194_304],
  UNTRUSTED_TMP_BYTES: [4096, MANY],
  WORKER_CONCURRENCY: [1, 1000],
  WORKER_LEASE_SECONDS: [3, 600],
  WORKER_SHUTDOWN_SECONDS: [0, 3600],
  IMAGE_CACHE_BYTES: [0, MANY],
  DOCKER_CACHE_RETENTION_SECONDS: [60, 315_360_000],
  MAX_OUTPUT_BYTES: [1, 1024 ** 3],
};
const OTHERS = [
  ...['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'ALLOW_INSECURE_DOCKER'],
  ...['DOCKER_USERNAME', 'DOCKER_PASSWORD', 'DOCKER_CONFIG', 'CONTAINER_RUNTIME', 'JOB_PROFILES'],
  ...['JOB_LIMIT_CPUS', 'UNTRUSTED_RUNTIME', 'IMAGE_ALLOW', 'IMAGE_DIGEST_ONLY', 'WORKER_NAME'],
  ...['WORKER_LABELS', 'WORKER_HEARTBEAT_FILE', 'SECRET_KEYS_DIR', 'WORKER_REAPER'],
  ...['WORKER_SANDBOX_POOL', 'WORKER_SANDBOX_REUSE', 'CONJOB_CRASH_AT', 'CONJOB_CRASH_LABEL'],
  ...['REDIS_URL', 'REDIS_PASSWORD_FILE', 'REDIS_TLS_CA_FILE', 'ALLOW_INSECURE_REDIS'],
  ...['LOG_LEVEL', '__proto__', 'constructor', 'NOT_OURS'],
];

const number = fc.oneof(
  fc.integer({ min: -2, max: 2_000_000 }).map(String),
  fc.bigInt().map(String),
  fc.double().map(String),
  fc.constantFrom('', ' 1', '1 ', '+1', '0x10', '1e3', '1_000', 'one', '007', 'NaN', 'Infinity'),
  fc
    .constantFrom(
      ...Object.values(WHOLE).flatMap(([least, most]) => [least - 1, least, most, most + 1]),
    )
    .map(String),
);
const text = fc.oneof(
  number,
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom('true', 'false', '*', 'a=b,c', 'child', 'on', '/', 'unix:', 'unix:///x'),
  fc.constantFrom('redis://h:1', 'rediss://', 'tcp://h:1', 'tcp://127.0.0.1:2375', 'http://['),
);

/** The variables that are complained about; none when it was taken. */
function complaints(env: Record<string, string>): string[] {
  try {
    loadConfig(workerConfigSchema, env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message
      .split('\n  ')
      .slice(1)
      .map((line) => line.split(':', 1)[0] ?? '');
  }
}

test('any environment is taken, or refused by an error that names variables', () => {
  const names = fc.constantFrom(...Object.keys(WHOLE), ...OTHERS);
  const env = fc.dictionary(names, text, { maxKeys: 8 });
  fc.assert(
    fc.property(env, (given) => {
      for (const name of complaints(given)) expect(name).toMatch(/^[A-Z_]+$/);
    }),
    { numRuns: 1000 },
  );
});

test.each(Object.entries(WHOLE))('%s takes whole numbers from %j only', (name, [least, most]) => {
  fc.assert(
    fc.property(number, (value) => {
      const isOne = /^\d{1,16}$/.test(value) && Number(value) >= least && Number(value) <= most;
      // Empty is as if it were not set.
      expect(complaints({ [name]: value })).toEqual(isOne || value === '' ? [] : [name]);
    }),
  );
});
