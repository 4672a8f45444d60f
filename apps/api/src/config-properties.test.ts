import { testConfigProperties } from '@conjob/shared/testing/config-properties';
import { loadApiConfig } from './config.ts';

testConfigProperties({
  load: loadApiConfig,
  wholeNumbers: {
    PORT: [0, 65_535],
    ADMIN_PORT: [0, 65_535],
    LOGIN_FAILURES_PER_MINUTE: [1, 60_000],
    MAX_INPUT_BYTES: [1, 256 * 1024 ** 2],
    MAX_HEADER_BYTES: [4096, 1024 ** 2],
    MAX_CONNECTIONS: [1, 1_000_000],
    NEW_JOBS_AT_ONCE: [1, 1_000_000],
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
  },
  others: [
    ...['HOST', 'PUBLISHED_AT', 'AUTH_USERNAME', 'AUTH_PASSWORD', 'ADMIN_USERNAME'],
    ...['ADMIN_PASSWORD', 'TLS_CERT_FILE', 'TLS_KEY_FILE', 'ALLOW_UNAUTHENTICATED', 'REDIS_URL'],
    ...['REDIS_PASSWORD_FILE', 'REDIS_TLS_CA_FILE', 'ALLOW_INSECURE_REDIS', 'LOG_LEVEL'],
    ...['JOB_NETWORK', 'JOB_PROFILE', 'JOB_PROFILES', 'IMAGE_ALLOW', 'IMAGE_DIGEST_ONLY'],
    ...['JOB_LIMIT_CPUS', 'JOB_LIMIT_MEMORY_BYTES', 'CORS_ORIGINS', 'SECRET_KEYS_DIR'],
  ],
  texts: [
    ...['true', 'false', '*', 'x:y', '/', 'unix:'],
    ...['redis://h:1', 'rediss://', 'http://['],
  ],
  // Of the other port: both on one number is another complaint.
  takenNumbers: ['8080', '8081'],
});
