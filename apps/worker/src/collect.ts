import { FencedError } from '@conjob/shared';
import type { ContainerExit } from './conclusion.ts';
import { type ContainerId, type Engine, EngineError, isEngineAway } from './engine/engine.ts';
import { Drain, withoutSeen } from './output/drain.ts';
import type { OutputRecorder } from './output/output-recorder.ts';
import type { RunOptions } from './run-container.ts';

/** The engine hands over the last output together with the exit: normally it takes no time at all. */
const LAST_OUTPUT_MS = 5_000;
/** An attachment that ended so long before the exit was cut off, or the program closed its streams. */
const TOGETHER_MS = 250;

/** The exit code of what was ended by SIGKILL, and what an engine says when it does not know. */
const KILLED = 137;

export interface Ended {
  readonly exitCode: number;
  /** What reads the output since the start. */
  readonly drain: Drain;
  readonly options: Pick<RunOptions, 'recorder' | 'onExited' | 'stop'>;
}

/** After the exit: waits for the last output, then judges. In this order, or output is lost. */
export async function collect(
  engine: Engine,
  id: ContainerId,
  { exitCode, drain, options: { recorder, onExited, stop } }: Ended,
): Promise<ContainerExit> {
  onExited();
  const endedEarly = drain.endedSinceMs > TOGETHER_MS;
  const outputRead = ((await isRead(drain)) && !endedEarly) || (await replay(engine, id, recorder));
  const outputStored = await storeToTheEnd(recorder);
  const outOfMemory = exitCode !== 0 && (await ranOutOfMemory(engine, id));
  const wasKilled = exitCode > 128 && !outOfMemory && stop.decisive === undefined;
  if (wasKilled) await engine.ping().catch(throwIfAway);
  if (wasKilled && exitCode === KILLED) await throwIfUnattended(engine, id);
  return { exitCode, outOfMemory, outputComplete: outputRead && outputStored };
}

async function isRead(drain: Drain): Promise<boolean> {
  const read = await drain.endedUnlessIdle(LAST_OUTPUT_MS);
  await drain.letGo();
  return read;
}

/** False when some could not be stored, which does not change how the job ended; but who was fenced records nothing. */
export async function storeToTheEnd(recorder: OutputRecorder): Promise<boolean> {
  recorder.finish();
  try {
    await recorder.end();
    return true;
  } catch (error) {
    if (error instanceof FencedError) throw error;
    return false;
  }
}

/** What a broken attachment did not bring, out of the log that the engine keeps. */
async function replay(engine: Engine, id: ContainerId, recorder: OutputRecorder): Promise<boolean> {
  const attachment = await engine.followOutput(id).catch(() => null);
  if (attachment === null) return false;
  return isRead(new Drain(withoutSeen(attachment, recorder), recorder));
}

/** Only an inspection tells an exit for lack of memory from any other. */
async function ranOutOfMemory(engine: Engine, id: ContainerId): Promise<boolean> {
  const state = await engine.inspect(id).catch(() => null);
  return state?.outOfMemory ?? false;
}

/**
 * An engine that shuts down ends its containers and reports that as if it had been their own doing:
 * when it is away after an exit by a signal, the run has to be looked at again.
 */
function throwIfAway(error: unknown): void {
  if (isEngineAway(error)) throw error;
}

/** The code is made up when what watched over the container was killed: nobody knows how it ended. */
async function throwIfUnattended(engine: Engine, id: ContainerId): Promise<void> {
  const end = await engine.recallEnd(id).catch(() => 'unknown');
  if (end !== 'unattended') return;
  throw new EngineError('worker.lost', 'what watched over the container on its host was killed');
}
