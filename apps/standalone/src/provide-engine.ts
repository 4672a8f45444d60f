import { access, constants } from 'node:fs/promises';
import { type Say, startEngine } from '@conjob/provision';
import { ConfigError, type Releasers } from '@conjob/shared';
import { answersPing } from './ping-engine.ts';
import type { Provided } from './provide-redis.ts';

const DEFAULT_SOCKET = '/var/run/docker.sock';
const NEVER = new Promise<never>(() => {});

export interface ProvidedEngine extends Provided {
  /** Ours alone: we may put images into it. */
  readonly isPrivate: boolean;
}

/**
 * The Docker engine of the configuration; else the one on the default socket; else, as root, a private
 * one. Throws `ConfigError` that says what to do.
 */
export async function provideEngine(
  config: { readonly dockerHost: string | undefined; readonly dataDir: string },
  releasers: Releasers,
  say: Say,
): Promise<ProvidedEngine> {
  const { dockerHost, dataDir } = config;
  if (dockerHost !== undefined) {
    return {
      url: dockerHost,
      description: `${dockerHost} (DOCKER_HOST)`,
      lost: NEVER,
      isPrivate: false,
    };
  }
  if (await answersPing(DEFAULT_SOCKET)) {
    return {
      url: `unix://${DEFAULT_SOCKET}`,
      description: DEFAULT_SOCKET,
      lost: NEVER,
      isPrivate: false,
    };
  }
  if (process.getuid?.() !== 0) throw new ConfigError(await explainNoEngine());
  const engine = await startEngine({ dataDir, network: 'bridge', say });
  releasers.push(() => engine.stop());
  const url = `unix://${engine.socketPath}`;
  return {
    url,
    description: `private, DOCKER_HOST=${url}, data in ${dataDir}/engine`,
    isPrivate: true,
    lost: engine.exited.then((exit) =>
      exit.expected
        ? NEVER
        : `The private Docker engine ended by itself. Its last words:\n${exit.logTail}`,
    ),
  };
}

async function explainNoEngine(): Promise<string> {
  const exists = await isThere(DEFAULT_SOCKET, constants.F_OK);
  if (exists && !(await isThere(DEFAULT_SOCKET, constants.R_OK | constants.W_OK))) {
    return [
      `You may not use the Docker engine at ${DEFAULT_SOCKET}.`,
      'Add yourself to its group (usermod -aG docker YOU, then log in again), or set DOCKER_HOST.',
    ].join('\n');
  }
  return [
    'No Docker engine was found: DOCKER_HOST is not set, and none answers at',
    `${DEFAULT_SOCKET}. One of these helps:`,
    '  Debian, Ubuntu:  apt-get install docker.io',
    '  Fedora:          dnf install moby-engine && systemctl start docker',
    '  macOS:           install and start Docker Desktop',
    '  elsewhere:       set DOCKER_HOST to an engine that you may use',
    'As root on Debian or Ubuntu, npm start installs and runs a private engine by itself.',
  ].join('\n');
}

async function isThere(path: string, mode: number): Promise<boolean> {
  return access(path, mode).then(
    () => true,
    () => false,
  );
}
