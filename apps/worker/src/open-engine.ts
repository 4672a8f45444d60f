import type { Logger } from '@conjob/shared';
import { checkRuntime } from './check-runtime.ts';
import type { WorkerConfig } from './config.ts';
import { componentVersions } from './engine/docker/component-versions.ts';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { crunVersions } from './engine/docker/crun-versions.ts';
import { DockerEngine } from './engine/docker/docker-engine.ts';
import { DockerHelpers } from './engine/docker/docker-helpers.ts';
import { DockerUpkeep } from './engine/docker/docker-upkeep.ts';
import type { Engine, EngineDescription } from './engine/engine.ts';
import type { Helpers } from './engine/helpers.ts';
import type { Upkeep } from './engine/upkeep.ts';
import { awaitEngine } from './engine-watch.ts';
import { type EscapeWarning, escapeWarnings } from './known-escapes.ts';
import { orAbort } from './or-abort.ts';
import { checkLogins } from './registry/check-logins.ts';
import { RegistryLogins } from './registry/registry-logins.ts';

export interface OpenedEngine {
  readonly engine: Engine;
  readonly upkeep: Upkeep;
  readonly helpers: Helpers;
  readonly described: EngineDescription;
  /**
   * Looks for what operators have to know or mend before jobs are taken; asks registries, which may take a
   * while. Returns the holes that the engine is known for. Throws `ConfigError` when a login is refused, or the
   * engine lacks the runtime.
   */
  check(signal: AbortSignal): Promise<readonly EscapeWarning[]>;
}

/** Opens the engine of a worker, and returns as soon as it answers. Throws when `signal` aborts. */
export type OpenEngine = (
  config: WorkerConfig,
  logger: Logger,
  signal: AbortSignal,
) => Promise<OpenedEngine>;

/** The Docker engine that is configured. */
export const openEngine: OpenEngine = async (config, logger, signal) => {
  const docker = connectDocker(config.engineAddress);
  const logins = new RegistryLogins(config.registryLogins, logger);
  const loginOf = (registry: string) => logins.of(registry);
  const engine = new DockerEngine(docker, { loginOf });
  const helpers = new DockerHelpers(docker);
  const described = await awaitEngine(engine, logger, signal);
  return {
    engine,
    upkeep: new DockerUpkeep(docker),
    helpers,
    described,
    async check(until) {
      await orAbort(until, checkRuntime(config.sandbox.runtime, { engine, helpers, described }));
      const crun = await orAbort(until, crunVersions(docker, config.engineAddress));
      const versions = { ...crun, ...(await orAbort(until, componentVersions(docker))) };
      await orAbort(until, checkLogins(engine, logins.all(), logger));
      return escapeWarnings(versions);
    },
  };
};
