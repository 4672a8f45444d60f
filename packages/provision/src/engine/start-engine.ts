import { ensureBinaries, type Say } from '../binaries/ensure-binaries.ts';
import { findBinary } from '../binaries/find-binary.ts';
import { claimFolder } from '../service/folder-claim.ts';
import { type Service, type ServiceExit, startService } from '../service/service.ts';
import { waitUntilReady } from '../service/wait-until-ready.ts';
import { callEngine } from './engine-api.ts';
import { type EngineTls, engineArguments } from './engine-arguments.ts';
import {
  type EngineFolders,
  engineFolders,
  prepareFolders,
  removeRuntime,
} from './engine-folders.ts';
import { type EngineNetwork, openEngineNetwork } from './engine-network.ts';
import { endDaemons, endLeftovers, engineProcesses, unmountAll } from './leftovers.ts';
import type { NetworkNamespace } from './network-namespace.ts';
import { crunRuntime, type Runtimes } from './runtimes.ts';
import { stopContainers } from './stop-containers.ts';

export interface EngineOptions {
  /** Images and containers go to `<dataDir>/engine`. */
  readonly dataDir: string;
  /**
   * `bridge`: in the host's network; containers get a bridge of our own and outbound NAT.
   * `isolated`: in a network namespace of its own, with a loopback interface only. A namespace
   * given by the caller is used and left open: an engine started again in it meets the others.
   */
  readonly network: 'bridge' | 'isolated' | NetworkNamespace;
  /** Containers outlive a dockerd that dies or is restarted. Default true. */
  readonly liveRestore?: boolean;
  /** Listen with TLS as well, on the loopback of its network, for clients with a certificate. Default: no. */
  readonly tls?: EngineTls;
  /** Offer crun beside runc, where that is installed. Default true. */
  readonly withCrun?: boolean;
  /** Besides these. Default: none. */
  readonly runtimes?: Runtimes;
  readonly say?: Say;
}

export interface RunningEngine {
  readonly socketPath: string;
  readonly pid: number;
  readonly exited: Promise<ServiceExit>;
  readonly logPath: string;
  /** The command line that runs `command` in the engine's network. */
  inNetwork(command: readonly string[]): string[];
  /**
   * Stops the containers, the engine and its containerd, and removes what it made outside its
   * data folder: mounts, sockets, bridge, firewall rules. With `keepContainers` (live-restore
   * only) containers run on, for the next start to find. Idempotent.
   */
  stop(options?: { readonly keepContainers?: boolean }): Promise<void>;
}

/** The first start on a slow disk; usually below one second. */
const READY_WITHIN_MS = 60_000;
/** dockerd itself gives containers 10 s, then takes up to 15 s more to shut down. */
const STOP_GRACE_MS = 30_000;

/**
 * Starts a private Docker engine as root and resolves when it answers on its socket.
 * A dockerd left behind on the same data by a crash is ended first; with live-restore the
 * containers it ran are taken over.
 *
 * Throws `MissingBinaryError`, `FolderInUseError`, `ServiceStartError`.
 */
export async function startEngine(options: EngineOptions): Promise<RunningEngine> {
  const { dataDir, liveRestore = true, withCrun = true, tls, say = () => {} } = options;
  if (process.getuid?.() !== 0)
    throw new Error('A private Docker engine can be started by root only');
  const { dockerd } = await ensureEngine(say);
  const folders = engineFolders(dataDir);
  const runtimes = { ...(withCrun ? crunRuntime(folders.crunFile) : {}), ...options.runtimes };
  prepareFolders(folders, runtimes);
  const release = claimFolder(folders.runtimeDir);
  let network: EngineNetwork | undefined;
  try {
    await endDaemons(folders);
    network = await openEngineNetwork(options.network, folders.hash, say);
    const settings = { folders, liveRestore, bridge: network.bridge, tls };
    const [command = dockerd, ...args] = network.inside([dockerd, ...engineArguments(settings)]);
    const service = await startService({ command, args, logPath: folders.logPath });
    await waitUntilReady('The Docker engine', service, () => answers(folders), READY_WITHIN_MS);
    return running(service, folders, network, release);
  } catch (error) {
    // Containers of a crashed run may still be plugged into its bridge.
    if (engineProcesses(folders).length === 0) await removeTraces(folders, network);
    network?.close();
    release();
    throw error;
  }
}

/** Where the engine has to be installed, crun is as well: nobody waits at each start for what can do without. */
async function ensureEngine(say: Say): Promise<{ readonly dockerd: string }> {
  const isNew = findBinary('dockerd') === undefined;
  const found = await ensureBinaries(['dockerd', 'iptables', 'ip'], { say });
  if (isNew) await ensureBinaries(['crun'], { say }).catch(() => say('Jobs run without crun'));
  return found;
}

function running(
  service: Service,
  folders: EngineFolders,
  network: EngineNetwork,
  release: () => void,
): RunningEngine {
  async function stopOnce(keepContainers: boolean): Promise<void> {
    if (!keepContainers) await stopContainers(folders.socketPath).catch(() => {});
    await service.stop(STOP_GRACE_MS);
    if (!keepContainers) {
      await endLeftovers(folders);
      await removeTraces(folders, network);
    }
    network.close();
    release();
  }
  let stopped: Promise<void> | undefined;
  return {
    socketPath: folders.socketPath,
    pid: service.pid,
    exited: service.exited,
    logPath: folders.logPath,
    inNetwork: (command) => network.inside(command),
    stop: ({ keepContainers = false } = {}) => {
      stopped ??= stopOnce(keepContainers);
      return stopped;
    },
  };
}

async function removeTraces(folders: EngineFolders, network?: EngineNetwork): Promise<void> {
  await unmountAll(folders);
  await network?.remove();
  removeRuntime(folders);
}

async function answers({ socketPath }: EngineFolders): Promise<boolean> {
  const { status } = await callEngine(socketPath, '/_ping', { timeoutMs: 2_000 });
  return status === 200;
}
