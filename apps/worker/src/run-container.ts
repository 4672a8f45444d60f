import { collect } from './collect.ts';
import type { ContainerExit } from './conclusion.ts';
import { ContainerStopper, type StopOptions } from './container-stopper.ts';
import { type ContainerId, type Engine, type EngineError, isEngineAway } from './engine/engine.ts';
import { Drain } from './output/drain.ts';
import { rejoinContainer } from './rejoin-container.ts';

/** What a run tells of itself. `onStarted` and `onExited` may come more than once. */
export interface RunOptions extends StopOptions {
  readonly input: Buffer | undefined;
  /** Has resolved before the start: when it throws, nothing is started. */
  readonly beforeStart: () => Promise<void>;
  /** Rejects when what was started must not run. */
  readonly afterStart: () => Promise<void>;
  readonly onStarted: () => void;
  readonly onExited: () => void;
}

/**
 * Starts a created container and returns how it ended, when its output is stored.
 *
 * A stop only stops the container: waiting and reading then end by themselves, so output written
 * during the grace period is kept.
 */
export async function runContainer(
  engine: Engine,
  id: ContainerId,
  options: RunOptions,
): Promise<ContainerExit> {
  const [attachment, watch] = await prepare(engine, id, options);
  const drain = new Drain(attachment, options.recorder);
  const stopper = new ContainerStopper(engine, id, options);
  let cause: EngineError;
  try {
    await engine.start(id);
    options.onStarted();
    stopper.arm();
    await options.afterStart();
    const exitCode = await Promise.race([watch.exitCode, stopper.failed]);
    return await collect(engine, id, { exitCode, drain, options });
  } catch (error) {
    if (!isEngineAway(error)) throw error;
    cause = error;
  } finally {
    stopper.release();
    watch.destroy();
    await drain.letGo();
  }
  return rejoinContainer(engine, id, options, cause);
}

/** All three must be in place before the start. When one fails, the others are let go. */
async function prepare(engine: Engine, id: ContainerId, { input, beforeStart }: RunOptions) {
  const [attached, watched, ready] = await Promise.allSettled([
    engine.attach(id, { input }),
    engine.watchExit(id, 'next-exit'),
    beforeStart(),
  ]);
  if (attached.status === 'fulfilled' && watched.status === 'fulfilled') {
    if (ready.status === 'fulfilled') return [attached.value, watched.value] as const;
  }
  if (attached.status === 'fulfilled') attached.value.destroy();
  if (watched.status === 'fulfilled') watched.value.destroy();
  const failed = [ready, attached, watched].find(({ status }) => status === 'rejected');
  throw (failed as PromiseRejectedResult).reason;
}
