import { ConfigError } from '@conjob/shared';
import { expect, test } from 'vitest';
import { loadApiConfig } from './config.ts';

test('needs no variable at all', () => {
  expect(loadApiConfig({})).toEqual({
    port: 8080,
    adminPort: 8081,
    host: '127.0.0.1',
    reachedAt: { api: '127.0.0.1', admin: '127.0.0.1' },
    logins: { api: null, admin: null },
    loginFailuresPerMinute: 20,
    tls: null,
    redis: { url: 'redis://127.0.0.1:6379' },
    logLevel: 'info',
    maxInputBytes: 10 * 1024 * 1024,
    newJobsAtOnce: 128,
    connections: {
      maxHeaderBytes: 16_384,
      maxConnections: 10_000,
      headersTimeoutMs: 10_000,
      requestTimeoutMs: 120_000,
      keepAliveMs: 75_000,
    },
    clientStallMs: 60_000,
    corsOrigins: [],
    secretKeysFolder: undefined,
    limits: {
      maxGlobalRequestsPerSecond: 1_000_000,
      maxConcurrentRuns: 1_000_000,
      maxQueuedJobs: 100_000,
      maxTimeoutSeconds: 1800,
      maxKillTimeoutSeconds: 10,
      maxRetentionSeconds: 604_800,
      defaultRetentionSeconds: 86_400,
      defaultNetwork: 'bridge',
      defaultProfile: 'default',
      images: { digestOnly: false },
      sandbox: { profiles: ['default', 'untrusted'] },
    },
  });
});

test('takes port 0, for any free one', () => {
  expect(loadApiConfig({ PORT: '0' }).port).toBe(0);
});

test('takes no one port for both', () => {
  const message = 'ADMIN_PORT: Must be another port than PORT.';
  expect(() => loadApiConfig({ PORT: '8081' })).toThrow(message);
  expect(() => loadApiConfig({ ADMIN_PORT: '8080' })).toThrow(message);
  expect(loadApiConfig({ PORT: '0', ADMIN_PORT: '0' })).toMatchObject({ port: 0, adminPort: 0 });
});

test('takes a certificate only with its key', () => {
  const pair = { TLS_CERT_FILE: 'cert.pem', TLS_KEY_FILE: 'key.pem' };
  expect(loadApiConfig(pair).tls).toEqual({ certFile: 'cert.pem', keyFile: 'key.pem' });
  expect(() => loadApiConfig({ ...pair, TLS_KEY_FILE: '' })).toThrow(
    'TLS_KEY_FILE: Must be set as well, since TLS_CERT_FILE is.',
  );
});

test('lets nobody come to a Redis elsewhere without TLS and a password', () => {
  expect(() => loadApiConfig({ REDIS_URL: 'redis://redis:6379' })).toThrow(
    '  REDIS_URL: Must be rediss:',
  );
});

test('takes web origins with commas between', () => {
  const origins = 'https://ci.example, http://localhost:3000';
  expect(loadApiConfig({ CORS_ORIGINS: origins }).corsOrigins).toEqual([
    'https://ci.example',
    'http://localhost:3000',
  ]);
  expect(loadApiConfig({ CORS_ORIGINS: '*' }).corsOrigins).toEqual(['*']);
});

test('names every variable that is wrong, and what it must be', () => {
  const env = {
    PORT: '65536',
    ADMIN_PORT: '-1',
    REDIS_URL: 'localhost:6379',
    LOG_LEVEL: 'loud',
    MAX_INPUT_BYTES: '10MB',
    JOB_LIMIT_TIMEOUT: '0',
    JOB_LIMIT_KILL_TIMEOUT: '-1',
    JOB_NETWORK: 'host',
    JOB_PROFILE: 'privileged',
    IMAGE_ALLOW: 'ghcr.io/acme/tool:1',
    IMAGE_DIGEST_ONLY: 'yes',
    JOB_PROFILES: 'default,none',
    JOB_LIMIT_MEMORY_BYTES: '1G',
    JOB_LIMIT_CPUS: '0',
    JOB_LIMIT_PIDS: '0',
    JOB_RETENTION_SECONDS: '604801',
    CORS_ORIGINS: 'ci.example',
  };
  expect(() => loadApiConfig(env)).toThrow(ConfigError);
  for (const name of Object.keys(env)) {
    // With a sentence of ours that says what it must be.
    expect(() => loadApiConfig(env)).toThrow(new RegExp(`^  ${name}: Must .*\\.$`, 'm'));
  }
});

test('takes a profile as the usual one only where it is allowed', () => {
  const { limits } = loadApiConfig({ JOB_PROFILES: 'untrusted', JOB_PROFILE: 'untrusted' });
  expect(limits).toMatchObject({
    defaultProfile: 'untrusted',
    sandbox: { profiles: ['untrusted'] },
  });
  const message = 'JOB_PROFILE: Must be one of JOB_PROFILES.';
  expect(() => loadApiConfig({ JOB_PROFILE: 'trusted' })).toThrow(message);
  expect(() => loadApiConfig({ JOB_PROFILES: 'untrusted' })).toThrow(message);
});
