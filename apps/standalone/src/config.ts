import { loadConfig } from '@conjob/shared';
import { z } from 'zod';

const schema = z.object({
  DATA_DIR: z.string().optional(),
  REDIS_URL: z.string().optional(),
  DOCKER_HOST: z.string().optional(),
  SECRET_KEYS_DIR: z.string().optional(),
  LOG_LEVEL: z.string().default('warn'),
});

export interface StandaloneConfig {
  /** Everything that this process keeps: Redis' data, and images and containers of its engine. */
  readonly dataDir: string;
  /** Undefined: start a Redis of our own. */
  readonly redisUrl: string | undefined;
  /** Undefined: use the default socket when an engine answers there, else start one. */
  readonly dockerHost: string | undefined;
  /** Folder of the keys of secrets. */
  readonly secretKeysFolder: string;
  readonly logLevel: string;
}

/**
 * What the stand-alone mode decides by itself; API and worker read the rest. `port` is the one that
 * the API will listen on: a second ConJob on another port has data of its own.
 */
export function loadStandaloneConfig(env: NodeJS.ProcessEnv, port: number): StandaloneConfig {
  const { DATA_DIR, REDIS_URL, DOCKER_HOST, SECRET_KEYS_DIR, LOG_LEVEL } = loadConfig(schema, env);
  const dataDir = DATA_DIR ?? (port === DEFAULT_PORT ? '.conjob' : `.conjob-${port}`);
  return {
    dataDir,
    secretKeysFolder: SECRET_KEYS_DIR ?? `${dataDir}/secret-keys`,
    redisUrl: REDIS_URL,
    dockerHost: DOCKER_HOST,
    logLevel: LOG_LEVEL,
  };
}

const DEFAULT_PORT = 8080;
