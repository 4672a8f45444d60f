import { randomUUID } from 'node:crypto';
import { ConfigError } from '@conjob/shared';
import { type Engine, type EngineDescription, EngineError, isEngineAway } from './engine/engine.ts';
import type { Helpers } from './engine/helpers.ts';

interface RuntimeHost {
  readonly engine: Pick<Engine, 'remove'>;
  readonly helpers: Pick<Helpers, 'start'>;
  readonly described: Pick<EngineDescription, 'runtimes'>;
}

/**
 * Runs a container of our own by this runtime: that the engine has its name does not mean that it works here. Throws
 * `ConfigError` when it does not. Undefined: the engine's own runtime.
 */
export async function checkRuntime(
  runtime: string | undefined,
  { engine, helpers, described }: RuntimeHost,
): Promise<void> {
  if (runtime === undefined) return;
  const name = `conjob-runtime-${randomUUID()}`;
  try {
    await helpers.start({ name, runtime, labels: {}, network: 'none', volumes: [] });
  } catch (error) {
    if (isEngineAway(error)) throw error;
    // It may have some again before the first job.
    if (error instanceof EngineError && error.code === 'engine.no_space') return;
    const known = `It has ${described.runtimes.join(', ')}.`;
    const why = (error as Error).message;
    throw new ConfigError(
      `CONTAINER_RUNTIME: the engine can run no container by ${runtime} (${why}). ${known}`,
    );
  } finally {
    await engine.remove(name);
  }
}
