import { listContainers, removeContainer, startTestEngine, type TestEngine } from '@conjob/testkit';

/** The Docker hosts of a test file: `north` is plain, `south` has live-restore. */
export type Engines = readonly [north: TestEngine, south: TestEngine];

/** Of each engine, and of the worker on it. */
export const ENGINE_NAMES = ['north', 'south'] as const;

export interface EnginesOptions {
  /** Gives `north` a disk of its own, for a row that fills it. */
  readonly northDiskBytes?: number;
}

export async function startEngines({ northDiskBytes }: EnginesOptions = {}): Promise<Engines> {
  const north = northDiskBytes === undefined ? {} : { diskBytes: northDiskBytes };
  const starting = [startTestEngine(north), startTestEngine({ liveRestore: true })] as const;
  try {
    return await Promise.all(starting);
  } catch (error) {
    for (const start of starting) await start.then((engine) => engine.stop()).catch(() => {});
    throw error;
  }
}

export async function stopEngines(engines: Engines): Promise<void> {
  await Promise.all(engines.map((engine) => engine.stop()));
}

/** What a failed row leaves is no business of the next one. */
export async function clearContainers(engines: Engines): Promise<void> {
  for (const engine of engines) {
    const left = await listContainers(engine, { withHelpers: true });
    await Promise.all(left.map(({ id }) => removeContainer(engine, id)));
  }
}
