import { findBinary, run } from '@conjob/provision';
import type { Network } from './conjob-job.ts';

/** The `docker` of this machine, talking to one engine. */
export interface DockerCli {
  /** As it says itself. */
  readonly version: string;
  /** `docker run --rm`; returns what the job printed. */
  run(image: string, args: readonly string[], network: Network): Promise<string>;
  /** `docker stop`. */
  stop(container: string, graceSeconds: number): Promise<void>;
}

/** Undefined where there is no `docker` on PATH. */
export async function findDockerCli(engineSocket: string): Promise<DockerCli | undefined> {
  const binary = findBinary('docker');
  if (binary === undefined) return undefined;
  const env = { DOCKER_HOST: `unix://${engineSocket}` };
  const docker = (args: readonly string[]) => run(binary, args, { env });
  return {
    version: (await docker(['--version'])).trim(),
    run: (image, args, network) =>
      docker(['run', '--rm', '--network', network, '--pull', 'never', image, ...args]),
    stop: async (container, graceSeconds) =>
      void (await docker(['stop', '-t', String(graceSeconds), container])),
  };
}
