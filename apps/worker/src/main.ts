import { ConfigError, createLogger, loadConfig } from '@conjob/shared';
import { startWorker, workerConfigSchema } from './worker.ts';
import { NameTakenError } from './worker-name.ts';

const quit = new AbortController();
let onImpatience = (): void => process.exit(1);

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    // Who asks twice does not want to wait for running jobs.
    if (quit.signal.aborted) onImpatience();
    quit.abort();
  });
}

try {
  const config = loadConfig(workerConfigSchema, process.env);
  const logger = createLogger({ name: 'worker', level: config.logLevel });
  const worker = await startWorker(config, logger, quit.signal);
  onImpatience = () => worker.hurry();
  void worker.lost.then((error) => {
    logger.fatal(error.message);
    process.exit(1);
  });
  if (!quit.signal.aborted) {
    await new Promise((resolve) => quit.signal.addEventListener('abort', resolve));
  }
  logger.info('shutting down');
  await worker.close();
} catch (error) {
  if (!quit.signal.aborted) {
    const isForPeople = error instanceof ConfigError || error instanceof NameTakenError;
    console.error(isForPeople ? error.message : error);
    process.exitCode = 1;
  }
}
// Without Redis, BullMQ would go on trying to reach it.
process.exit();
