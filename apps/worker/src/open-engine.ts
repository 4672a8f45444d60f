import type { Logger } from '@conjob/shared';
import { checkRuntime } from './check-runtime.ts';
import type { WorkerConfig } from './config.ts';
import { componentVersions } from './engine/docker/component-versions.ts';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { DockerEngine } from './engine/docker/docker-engine.ts';
import { DockerHelpers } from './engine/docker/docker-helpers.ts';
import { DockerUpkeep } from './engine/docker/docker-upkeep.ts';
import type { Engine, EngineDescription } from './engine/engine.ts';
import type { Helpers } from './engine/helpers.ts';
import type { Upkeep } from './engine/upkeep.ts';
import { awaitEngine } from './engine-watch.ts';
import { escapeWarnings } from './known-escapes.ts';
import { orAbort } from './or-abort.ts';
import { checkLogins } from './registry/check-logins.ts';
import { RegistryLogins } from './registry/registry-logins.ts';

export interface OpenedEngine {
  readonly engine: Engine;
  readonly upkeep: Upkeep;
  readonly helpers: Helpers;
  readonly described: EngineDescription;
}

/**
 * The engine that is configured, as soon as it answers. Throws `ConfigError` when a login is refused, or it
 * lacks the runtime, and when `signal` aborts.
 */
export async function openEngine(
  config: WorkerConfig,
  logger: Logger,
  signal: AbortSignal,
): Promise<OpenedEngine> {
  const docker = connectDocker(config.engineAddress);
  const logins = new RegistryLogins(config.registryLogins, logger);
  const loginOf = (registry: string) => logins.of(registry);
  const engine = new DockerEngine(docker, { loginOf });
  const upkeep = new DockerUpkeep(docker);
  const described = await awaitEngine(engine, logger, signal);
  const host = { engine, helpers: new DockerHelpers(docker), described };
  await orAbort(signal, checkRuntime(config.sandbox.runtime, host));
  const versions = await orAbort(signal, componentVersions(docker));
  for (const warning of escapeWarnings(versions)) logger.warn({ versions }, warning);
  await orAbort(signal, checkLogins(engine, logins.all(), logger));
  return { engine, upkeep, helpers: new DockerHelpers(docker), described };
}
