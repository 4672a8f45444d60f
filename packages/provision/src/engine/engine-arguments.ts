import type { EngineFolders } from './engine-folders.ts';

export interface EngineSettings {
  readonly folders: EngineFolders;
  readonly liveRestore: boolean;
  /** Default network of containers: a bridge device made by us, or none at all. */
  readonly bridge: string | 'none';
}

/**
 * The command line of a private dockerd. It shares nothing with another engine of this machine,
 * and leaves the firewall alone: dockerd would flush the other's DOCKER chains.
 */
export function engineArguments({ folders, liveRestore, bridge }: EngineSettings): string[] {
  return [
    `--data-root=${folders.dataRoot}`,
    `--exec-root=${folders.execRoot}`,
    `--pidfile=${folders.pidFile}`,
    `--config-file=${folders.configFile}`,
    `--host=unix://${folders.socketPath}`,
    '--group=root',
    `--bridge=${bridge}`,
    '--iptables=false',
    '--ip-masq=false',
    `--ip-forward=${bridge !== 'none'}`,
    '--userland-proxy=false',
    ...(liveRestore ? ['--live-restore'] : []),
  ];
}
