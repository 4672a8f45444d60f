import type { Attempts, JobSpec, Logger } from '@conjob/shared';
import type { Redis } from 'ioredis';
import { Background } from './background.ts';
import type { WorkerConfig } from './config.ts';
import { createCrashPoints } from './crash-points.ts';
import type { EngineDescription } from './engine/engine.ts';
import { ImageHolds } from './image-holds.ts';
import type { ObtainedImage } from './obtain-image.ts';
import type { OpenedEngine } from './open-engine.ts';
import type { ProcessorDependencies } from './processor.ts';
import { noteUses } from './reaper/note-uses.ts';
import type { RunningJobs } from './running-jobs.ts';
import { decideSandbox } from './sandbox/decide-sandbox.ts';
import { HelperSecretHolder } from './secrets/secret-holder.ts';
import { SecretReader } from './secrets/secret-reader.ts';
import type { Membership } from './worker-membership.ts';

export interface JobParts
  extends Pick<ProcessorDependencies, 'onEngineAway' | 'onEngineFull'>,
    Pick<Membership, 'networks' | 'owner' | 'runtime'> {
  readonly opened: OpenedEngine;
  readonly host: () => EngineDescription;
  readonly redis: Redis;
  readonly attempts: Attempts;
  readonly running: RunningJobs;
  readonly logger: Logger;
}

/** What all jobs of a process share. Keys of secrets that can't be read are told of. */
export async function createJobDependencies(
  config: WorkerConfig,
  parts: JobParts,
): Promise<ProcessorDependencies & { readonly background: Background }> {
  const { host, redis, owner, runtime, logger } = parts;
  const { attempts, running, networks, onEngineAway, onEngineFull } = parts;
  const { engine, helpers, described } = parts.opened;
  const { maxOutputBytes, leaseMs, images, secretKeysFolder: keysFolder } = config;
  const secrets = new SecretReader({ redis, keysFolder, logger });
  await secrets.check();
  return {
    engine,
    networks,
    attempts,
    running,
    logger,
    onEngineAway,
    onEngineFull,
    background: new Background(config.concurrency),
    secrets,
    secretHolder: new HelperSecretHolder(engine, helpers),
    crashPoints: createCrashPoints(config.crash),
    imageHolds: new ImageHolds(),
    noteUses: noteUses(redis, described.id, logger),
    defaults: { ...owner, maxOutputBytes, leaseMs },
    images,
    sandboxOf: (spec: JobSpec, image: ObtainedImage) =>
      decideSandbox(spec, image, host(), runtime.settings),
  };
}
