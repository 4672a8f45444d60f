import type { EngineFolders } from './engine-folders.ts';

/** `port` is of the loopback. PEM: the engine's certificate and key, and who signs those of clients. */
export interface EngineTls {
  readonly port: number;
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

export interface EngineSettings {
  readonly folders: EngineFolders;
  readonly liveRestore: boolean;
  /** Default network of containers: a bridge device made by us, or none at all. */
  readonly bridge: string | 'none';
  /** Listen with TLS as well, for clients with a certificate. */
  readonly tls: EngineTls | undefined;
}

/**
 * The command line of a private dockerd. It shares nothing with another engine of this machine,
 * and leaves the firewall alone: dockerd would flush the other's DOCKER chains.
 */
export function engineArguments({ folders, liveRestore, bridge, tls }: EngineSettings): string[] {
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
    ...(tls === undefined ? [] : tlsArguments(tls)),
  ];
}

function tlsArguments({ port, certFile, keyFile, caFile }: EngineTls): string[] {
  return [
    `--host=tcp://127.0.0.1:${port}`,
    '--tlsverify',
    `--tlscacert=${caFile}`,
    `--tlscert=${certFile}`,
    `--tlskey=${keyFile}`,
  ];
}
