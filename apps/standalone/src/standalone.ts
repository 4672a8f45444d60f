import { fileURLToPath } from 'node:url';
import { loadApiConfig, loadCertificate, startApi } from '@conjob/api';
import type { Say } from '@conjob/provision';
import { ConfigError, createLogger, generateKeys, loadConfig, Releasers } from '@conjob/shared';
import { startWorker, workerConfigSchema } from '@conjob/worker';
import { ReaperChild } from '@conjob/worker/reaper';
import { checkPorts } from './check-ports.ts';
import { loadStandaloneConfig } from './config.ts';
import { curlTarget } from './curl.ts';
import { offerStarters } from './offer-starters.ts';
import { provideEngine } from './provide-engine.ts';
import { provideRedis } from './provide-redis.ts';
import { welcomeText } from './welcome.ts';

export interface RunningStandalone {
  readonly url: string;
  readonly welcome: string;
  /** Resolves with a reason when a part that everything rests on has ended by itself. */
  readonly lost: Promise<string>;
  /** Resolves when another process has taken over what runs here: this one must end without closing. */
  readonly replaced: Promise<string>;
  /** Running jobs first get some time to end. */
  close(): Promise<void>;
  /** While closing: no more time for running jobs. */
  hurry(): void;
}

/**
 * API and worker in this process, with a Redis and a Docker engine of their own where none is given.
 * Aborting `signal` gives up a start that is under way. What was started is stopped when it fails.
 */
export async function startStandalone(
  env: NodeJS.ProcessEnv,
  say: Say,
  signal: AbortSignal,
): Promise<RunningStandalone> {
  const apiConfig = checkConfigs(
    () => loadApiConfig(env),
    () => loadConfig(workerConfigSchema, env),
  );
  const config = loadStandaloneConfig(env, apiConfig.port);
  const { host, port, adminPort } = apiConfig;
  if (apiConfig.tls !== null) await loadCertificate(apiConfig.tls);
  await checkPorts(host, { PORT: port, ADMIN_PORT: adminPort });

  const releasers = new Releasers();
  try {
    // Both, so that neither is left behind when the other one fails.
    const [redis, engine] = await bothOrNone(
      provideRedis(config, releasers, say),
      provideEngine(config, releasers, say),
    );
    signal.throwIfAborted();
    const hasStarters = await offerStarters(engine, say);
    signal.throwIfAborted();

    const logger = createLogger({ name: 'conjob', level: config.logLevel });
    const { secretKeysFolder } = config;
    await generateKeys(secretKeysFolder);
    const parts = {
      ...env,
      REDIS_URL: redis.url,
      DOCKER_HOST: engine.url,
      SECRET_KEYS_DIR: secretKeysFolder,
    };
    const api = await startApi(loadApiConfig(parts), logger);
    releasers.push(() => api.close());
    const workerConfig = loadConfig(workerConfigSchema, parts);
    if (workerConfig.hasReaper) {
      const reaper = new ReaperChild({
        entry: fileURLToPath(import.meta.resolve('@conjob/worker/main')),
        env: { ...parts, LOG_LEVEL: config.logLevel },
        logger,
      });
      // Its engine goes next.
      releasers.push(() => reaper.stop());
    }
    const worker = await startWorker(workerConfig, logger, signal);
    releasers.push(() => worker.close());

    const { url, adminUrl } = api;
    const hasLogin = apiConfig.logins.api !== null;
    const certFile = apiConfig.tls?.certFile ?? null;
    const curl = curlTarget({ url, hasLogin, certFile });
    const descriptions = { redis: redis.description, engine: engine.description };
    return {
      url,
      welcome: welcomeText({
        url,
        adminUrl,
        curl,
        hasLogin,
        ...descriptions,
        hasStarters,
        escapes: worker.escapes,
      }),
      lost: Promise.race([redis.lost, engine.lost]),
      replaced: worker.lost.then(({ message }) => message),
      close: () => releasers.releaseAll(),
      hurry: () => worker.hurry(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

/** The first one; throws one `ConfigError` for whatever any of them finds wrong. */
function checkConfigs<T>(first: () => T, ...others: (() => unknown)[]): T {
  const wrong: string[] = [];
  const check = <R>(load: () => R): R | undefined => {
    try {
      return load();
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      wrong.push(error.message);
      return undefined;
    }
  };
  const config = check(first);
  for (const other of others) check(other);
  if (config === undefined || wrong.length > 0) throw new ConfigError(wrong.join('\n'));
  return config;
}

/** Waits for both also when one fails: what the other one opened is then in the releasers. */
async function bothOrNone<A, B>(a: Promise<A>, b: Promise<B>): Promise<[A, B]> {
  await Promise.allSettled([a, b]);
  return Promise.all([a, b]);
}
