import { ConfigError, createLogger, loadConfig } from '@conjob/shared';
import { workerConfigSchema } from '../config.ts';
import { UNTIL_STDIN_ENDS } from './reaper-child.ts';
import { runReaper } from './run-reaper.ts';

/** Signals end the process itself. */
const NEVER = new AbortController().signal;

/**
 * The process of a reaper. As a service of its own it runs until it is told to end; as the child of a
 * worker it knows by the end of its standard input that its worker is gone.
 */
export async function reaperMain(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<void> {
  const alone = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    // What it has begun, another reaper does again.
    process.on(signal, () => process.exit(0));
  }
  if (args.includes(UNTIL_STDIN_ENDS)) {
    let hasSaidFarewell = false;
    process.stdin.on('data', () => {
      hasSaidFarewell = true;
    });
    for (const event of ['end', 'error'] as const) {
      process.stdin.on(event, () => alone.abort(hasSaidFarewell ? 'orderly' : 'dead'));
    }
  }
  try {
    const config = loadConfig(workerConfigSchema, environment);
    const logger = createLogger({ name: 'reaper', level: config.logLevel });
    await runReaper(config, logger, { quit: NEVER, alone: alone.signal });
  } catch (error) {
    console.error(error instanceof ConfigError ? error.message : error);
    process.exitCode = 1;
  }
}
