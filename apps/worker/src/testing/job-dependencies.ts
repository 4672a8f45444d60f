import { type Attempts, createLogger } from '@conjob/shared';
import type { Engine } from '../engine/engine.ts';
import type { RunJobDependencies } from '../run-job.ts';

/** What a test runs its jobs with, but for engine and ledger. */
export function jobDependencies(engine: Engine, attempts: Attempts): RunJobDependencies {
  return {
    engine,
    attempts,
    defaults: {
      worker: 'test',
      installation: 'test',
      runtime: undefined,
      maxOutputBytes: 1000,
      leaseMs: 30_000,
    },
    logger: createLogger({ name: 'worker', level: 'silent' }),
    // In the foreground: what is cleared away in the background is gone when the job is.
    background: { add: (task) => task() },
    crashPoints: () => {},
    noteUses: () => {},
  };
}
