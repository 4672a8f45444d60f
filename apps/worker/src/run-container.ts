import { collect } from './collect.ts';
import type { ContainerExit } from './conclusion.ts';
import { ContainerStopper, type StopOptions } from './container-stopper.ts';
import { type ContainerId, type Engine, type EngineError, isEngineAway } from './engine/engine.ts';
import { EnginePatience } from './engine-patience.ts';
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
  const [attachment, watch] = await prepareOnceThere(engine, id, options);
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

/**
 * The same with an engine that goes away when the note is written that the container is started: it is waited for, since
 * this process has not asked it to start anything, and nobody else may. From when it is asked on it is too late: a
 * container that looks as if it was never started may have run, when its engine died before it had written that down. And
 * one that has an input may have got a part of that.
 */
async function prepareOnceThere(engine: Engine, id: ContainerId, options: RunOptions) {
  const patience = new EnginePatience(options.stop);
  let cause: unknown;
  let isNoted = false;
  const beforeStart = async (): Promise<void> => {
    await options.beforeStart();
    isNoted = true;
  };
  for (;;) {
    try {
      const isToBeStarted = async () => (await engine.inspect(id))?.status === 'created';
      if (cause !== undefined && !(await isToBeStarted())) throw cause;
      return await prepare(engine, id, { ...options, beforeStart });
    } catch (error) {
      if (!isNoted || options.input !== undefined || error === cause) throw error;
      await patience.next(error);
      cause = error;
    }
  }
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
