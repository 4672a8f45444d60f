import { ConfigError } from '@conjob/shared';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { loadApiConfig } from './config.ts';

/** Each variable that is a whole number, with its least and most. */
const WHOLE: Record<string, readonly [number, number]> = {
  PORT: [0, 65_535],
  ADMIN_PORT: [0, 65_535],
  LOGIN_FAILURES_PER_MINUTE: [1, 60_000],
  MAX_INPUT_BYTES: [1, 256 * 1024 ** 2],
  MAX_HEADER_BYTES: [4096, 1024 ** 2],
  MAX_CONNECTIONS: [1, 1_000_000],
  HEADERS_TIMEOUT_SECONDS: [1, 3600],
  REQUEST_TIMEOUT_SECONDS: [1, 86_400],
  KEEP_ALIVE_SECONDS: [1, 3600],
  CLIENT_STALL_SECONDS: [1, 3600],
  JOB_LIMIT_REQ: [0, 1_000_000],
  JOB_LIMIT_CONCURRENT: [0, 1_000_000],
  JOB_LIMIT_TIMEOUT: [1, 604_800],
  JOB_LIMIT_KILL_TIMEOUT: [0, 3600],
  JOB_LIMIT_QUEUED: [0, 1_000_000],
  JOB_LIMIT_PIDS: [1, 4_194_304],
  JOB_RETENTION_SECONDS: [1, 604_800],
};
const OTHERS = [
  ...['HOST', 'PUBLISHED_AT', 'AUTH_USERNAME', 'AUTH_PASSWORD', 'ADMIN_USERNAME', 'ADMIN_PASSWORD'],
  ...['TLS_CERT_FILE', 'TLS_KEY_FILE', 'ALLOW_UNAUTHENTICATED', 'REDIS_URL', 'REDIS_PASSWORD_FILE'],
  ...['REDIS_TLS_CA_FILE', 'ALLOW_INSECURE_REDIS', 'LOG_LEVEL', 'JOB_NETWORK', 'JOB_PROFILE'],
  ...[
    'JOB_PROFILES',
    'IMAGE_ALLOW',
    'IMAGE_DIGEST_ONLY',
    'JOB_LIMIT_CPUS',
    'JOB_LIMIT_MEMORY_BYTES',
  ],
  ...['CORS_ORIGINS', 'SECRET_KEYS_DIR', '__proto__', 'constructor', 'NOT_OURS'],
];

const number = fc.oneof(
  fc.integer({ min: -2, max: 2_000_000 }).map(String),
  fc.bigInt().map(String),
  fc.double().map(String),
  fc.constantFrom('', ' 1', '1 ', '+1', '0x10', '1e3', '1_000', 'one', '007', 'NaN', 'Infinity'),
);
const text = fc.oneof(
  number,
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom(
    'true',
    'false',
    '*',
    'x:y',
    'redis://h:1',
    'rediss://',
    'unix:',
    'http://[',
    '/',
  ),
);

/** The variables that are complained about; none when it was taken. */
function complaints(env: Record<string, string>): string[] {
  try {
    loadApiConfig(env);
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
      // Empty is as if it were not set. Both ports on one number is another complaint.
      fc.pre(!['8080', '8081'].includes(value));
      expect(complaints({ [name]: value })).toEqual(isOne || value === '' ? [] : [name]);
    }),
  );
});
