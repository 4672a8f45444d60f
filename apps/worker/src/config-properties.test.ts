import { loadConfig } from '@conjob/shared';
import { testConfigProperties } from '@conjob/shared/testing/config-properties';
import { workerConfigSchema } from './config.ts';

const MANY = Number.MAX_SAFE_INTEGER;

testConfigProperties({
  load: (env) => loadConfig(workerConfigSchema, env),
  wholeNumbers: {
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
  },
  others: [
    ...['DOCKER_HOST', 'DOCKER_TLS_VERIFY', 'DOCKER_CERT_PATH', 'ALLOW_INSECURE_DOCKER'],
    ...['DOCKER_USERNAME', 'DOCKER_PASSWORD', 'DOCKER_CONFIG', 'CONTAINER_RUNTIME'],
    ...['JOB_PROFILES', 'JOB_LIMIT_CPUS', 'UNTRUSTED_RUNTIME', 'IMAGE_ALLOW'],
    ...['IMAGE_DIGEST_ONLY', 'WORKER_NAME', 'WORKER_LABELS', 'WORKER_HEARTBEAT_FILE'],
    ...['SECRET_KEYS_DIR', 'WORKER_REAPER', 'WORKER_SANDBOX_POOL', 'WORKER_SANDBOX_REUSE'],
    ...['CONJOB_CRASH_AT', 'CONJOB_CRASH_LABEL', 'REDIS_URL', 'REDIS_PASSWORD_FILE'],
    ...['REDIS_TLS_CA_FILE', 'ALLOW_INSECURE_REDIS', 'LOG_LEVEL'],
  ],
  texts: [
    ...['true', 'false', '*', 'a=b,c', 'child', 'on', '/', 'unix:', 'unix:///x'],
    ...['redis://h:1', 'rediss://', 'tcp://h:1', 'tcp://127.0.0.1:2375', 'http://['],
  ],
});
