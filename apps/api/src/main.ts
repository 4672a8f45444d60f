import { ConfigError, createLogger } from '@conjob/shared';
import { loadApiConfig, startApi } from './api.ts';

try {
  const config = loadApiConfig(process.env);
  const logger = createLogger({ name: 'api', level: config.logLevel });
  const api = await startApi(config, logger);

  let signals = 0;
  const stop = (signal: NodeJS.Signals) => {
    signals += 1;
    // Whoever asks twice does not want to wait.
    if (signals > 1) process.exit(1);
    logger.info({ signal }, 'shutting down');
    api.close().catch((error: unknown) => {
      logger.error({ err: error }, 'shutting down failed');
      process.exitCode = 1;
    });
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
} catch (error) {
  if (!(error instanceof ConfigError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}
