import { ConfigError, createLogger, loadConfig } from '@conjob/shared';
import { ReaperChild } from './reaper/reaper-child.ts';
import { reaperMain } from './reaper/reaper-main.ts';
import { redisUsersCommand } from './redis-users/redis-users-command.ts';
import { keysCommand } from './secrets/keys-command.ts';
import { startWorker, workerConfigSchema } from './worker.ts';
import { NameTakenError } from './worker-name.ts';

const COMMANDS = 'Without one this is a worker; there are: reaper, redis-users, keys.';

const [, entry = '', command, ...rest] = process.argv;
if (command === 'reaper') {
  await reaperMain(rest, process.env);
  process.exit();
}
if (command === 'redis-users') process.exit(await redisUsersCommand(rest, console.log));
if (command === 'keys') process.exit(await keysCommand(rest, process.env, console.log));
// Whoever mistypes one must not get a worker, which takes jobs.
if (command !== undefined) {
  console.error(`There is no command ${command}. ${COMMANDS}`);
  process.exit(2);
}

const quit = new AbortController();
let reaper: ReaperChild | undefined;
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
  // Before any job: whatever happens to this process, its containers are looked after.
  if (config.hasReaper) reaper = new ReaperChild({ entry, env: process.env, logger });
  const worker = await startWorker(config, logger, quit.signal);
  for (const { message } of worker.escapes) logger.warn(message);
  onImpatience = () => worker.hurry();
  void worker.lost.then((error) => {
    logger.fatal(error.message);
    process.exit(1);
  });
  if (!quit.signal.aborted) {
    await new Promise((resolve) => quit.signal.addEventListener('abort', resolve));
  }
  logger.info('shutting down');
  await worker.handOver();
  await reaper?.letGo();
} catch (error) {
  if (!quit.signal.aborted) {
    const isForPeople = error instanceof ConfigError || error instanceof NameTakenError;
    console.error(isForPeople ? error.message : error);
    process.exitCode = 1;
  }
  await reaper?.stop();
}
// Without Redis, BullMQ would go on trying to reach it.
process.exit();
