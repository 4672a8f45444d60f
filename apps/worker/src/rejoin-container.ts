import { collect } from './collect.ts';
import type { ContainerExit } from './conclusion.ts';
import { ContainerStopper, type StopOptions } from './container-stopper.ts';
import { type ContainerId, type Engine, EngineError } from './engine/engine.ts';
import { EnginePatience } from './engine-patience.ts';
import { Drain, withoutSeen } from './output/drain.ts';
import type { RunOptions } from './run-container.ts';

/**
 * Goes on with a container that was started before: waits for its engine, takes the output up where it
 * broke off, and waits for the end. `cause`: that the engine went away while it ran; it is thrown when
 * the container turns out never to have been started. Where neither this nor the engine saw how it ended, an
 * end that an engine can bring about is taken for the engine's doing. Output of one that outlived its
 * engine is never called complete: lines that were not finished, and what it wrote last when it ended
 * without an engine, are lost for good (measured with Docker 20.10 and live-restore).
 */
export async function rejoinContainer(
  engine: Engine,
  id: ContainerId,
  options: RunOptions,
  cause?: EngineError,
): Promise<ContainerExit> {
  const patience = new EnginePatience(options.stop);
  let mayLackOutput = false;
  for (;;) {
    try {
      const state = await engine.inspect(id);
      patience.noteContact();
      if (state === null) throw new EngineError('worker.lost', 'the container is gone');
      if (state.status === 'created') throw cause ?? neverStarted();
      options.onStarted();
      mayLackOutput ||= await engine.wasRestartedSince(id);
      const isFoundEnded = state.status === 'exited';
      if (isFoundEnded) options.onExited();
      const exit = await follow(engine, id, options);
      if (cause || isFoundEnded) await throwIfEndedByEngine(engine, id, exit, options);
      return mayLackOutput ? { ...exit, outputComplete: false } : exit;
    } catch (error) {
      if (error === cause) throw error;
      await patience.next(error);
    }
  }
}

async function follow(
  engine: Engine,
  id: ContainerId,
  options: RunOptions,
): Promise<ContainerExit> {
  const { recorder } = options;
  const drain = new Drain(withoutSeen(await engine.followOutput(id), recorder), recorder);
  const stopper = new ContainerStopper(engine, id, options);
  try {
    const watch = await engine.watchExit(id, 'not-running');
    stopper.arm();
    try {
      const exitCode = await Promise.race([watch.exitCode, stopper.failed]);
      return await collect(engine, id, { exitCode, drain, options });
    } finally {
      watch.destroy();
    }
  } finally {
    stopper.release();
    await drain.letGo();
  }
}

function neverStarted(): EngineError {
  return new EngineError('worker.lost', 'the container was never started');
}

/** What an engine reports of containers that it stopped, killed, or found dead when it came back. */
const CODES_OF_ENGINE_END: readonly number[] = [143, 137, 255];

async function throwIfEndedByEngine(
  engine: Engine,
  id: ContainerId,
  exit: ContainerExit,
  { stop }: StopOptions,
): Promise<void> {
  const looksKilled = CODES_OF_ENGINE_END.includes(exit.exitCode);
  if (!looksKilled || exit.outOfMemory || stop.decisive !== undefined) return;
  if ((await engine.recallEnd(id)) === 'own') return;
  throw new EngineError('worker.lost', 'the engine ended the container when it went away');
}
