import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { folderHash, removeIfEmpty, runtimeFolder } from '../service/runtime-folder.ts';
import type { Runtimes } from './runtimes.ts';

/** Where one engine keeps what. */
export interface EngineFolders {
  /** Eight hex digits: names this engine's bridge and firewall rules. */
  readonly hash: string;
  /** Images and containers; kept. */
  readonly dataRoot: string;
  readonly logPath: string;
  readonly configFile: string;
  /** Runs crun where that can't be run as it is. */
  readonly crunFile: string;
  /** Sockets and state of the running engine; short, as containerd makes sockets below it. */
  readonly runtimeDir: string;
  readonly execRoot: string;
  readonly socketPath: string;
  readonly pidFile: string;
}

export function engineFolders(dataDir: string): EngineFolders {
  const root = resolve(dataDir, 'engine');
  const runtimeDir = join(runtimeFolder(dataDir), 'engine');
  return {
    hash: folderHash(dataDir),
    dataRoot: join(root, 'data'),
    logPath: join(root, 'dockerd.log'),
    configFile: join(root, 'daemon.json'),
    crunFile: join(root, 'crun'),
    runtimeDir,
    execRoot: join(runtimeDir, 'exec'),
    socketPath: join(runtimeDir, 'docker.sock'),
    pidFile: join(runtimeDir, 'dockerd.pid'),
  };
}

/** Makes the folders and the configuration file, which keeps /etc/docker/daemon.json out. */
export function prepareFolders(
  { dataRoot, runtimeDir, configFile }: EngineFolders,
  runtimes: Runtimes = {},
): void {
  for (const folder of [dataRoot, runtimeDir]) mkdirSync(folder, { recursive: true, mode: 0o700 });
  const configuration = {
    // Without a key of its own the engine has the ID of every other engine on this machine.
    'deprecated-key-path': `${configFile}.key`,
    runtimes,
  };
  writeFileSync(configFile, `${JSON.stringify(configuration, null, 2)}\n`);
}

/** Removes what only a running engine needs. */
export function removeRuntime({ runtimeDir }: EngineFolders): void {
  rmSync(runtimeDir, { recursive: true, force: true });
  removeIfEmpty(dirname(runtimeDir));
}
