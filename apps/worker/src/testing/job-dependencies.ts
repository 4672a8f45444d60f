import { type Attempts, createLogger } from '@conjob/shared';
import type { Engine } from '../engine/engine.ts';
import { fakeDescription } from '../engine/fake/fake-description.ts';
import { ImageHolds } from '../image-holds.ts';
import { NO_HELD_NETWORKS } from '../networks/held-networks.ts';
import type { RunJobDependencies } from '../run-job.ts';
import { decideSandbox } from '../sandbox/decide-sandbox.ts';
import type { SandboxSettings } from '../sandbox/sandbox-settings.ts';

const SETTINGS: SandboxSettings = {
  profiles: ['default', 'untrusted'],
  memoryBytes: undefined,
  swapBytes: 0,
  cpus: undefined,
  pids: undefined,
  runtime: undefined,
  untrustedRuntime: undefined,
  untrustedTmpBytes: 1024 * 1024,
};

/** What a test runs its jobs with, but for engine and ledger. */
export function jobDependencies(engine: Engine, attempts: Attempts): RunJobDependencies {
  return {
    engine,
    networks: NO_HELD_NETWORKS,
    attempts,
    defaults: {
      worker: 'test',
      installation: 'test',
      maxOutputBytes: 1000,
      leaseMs: 30_000,
    },
    images: {},
    sandboxOf: (spec, image) => decideSandbox(spec, image, fakeDescription(), SETTINGS),
    logger: createLogger({ name: 'worker', level: 'silent' }),
    // In the foreground: what is cleared away in the background is gone when the job is.
    background: { add: (task) => task() },
    crashPoints: () => {},
    imageHolds: new ImageHolds(),
    noteUses: () => {},
    secrets: { read: async () => null, readEnv: async () => ({}) },
    secretHolder: {
      hold: async () => {},
      isHeld: async () => true,
      release: async () => {},
    },
  };
}
