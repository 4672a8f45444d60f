import { globalAgent } from 'node:http';
import { afterAll, inject } from 'vitest';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerEngine } from '../engine/docker/docker-engine.ts';
import { DockerUpkeep } from '../engine/docker/docker-upkeep.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Provided by the test kit's global setup. */
    engineSocket: string;
    engineNetwork: string;
  }
}

/** The engine that all test files share; it has the `TEST_IMAGES`. */
export function sharedEngine(): DockerEngine {
  closeIdleConnections();
  return new DockerEngine(connectDocker({ socketPath: inject('engineSocket') }));
}

export function sharedUpkeep(): DockerUpkeep {
  return new DockerUpkeep(connectDocker({ socketPath: inject('engineSocket') }));
}

export function sharedEngineAccess() {
  return { socketPath: inject('engineSocket'), networkPath: inject('engineNetwork') };
}

/** Node keeps them for the next request: they are no leak of the tests. */
export function closeIdleConnections(): void {
  afterAll(() => globalAgent.destroy());
}
