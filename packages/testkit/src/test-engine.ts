import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  clearEngine,
  createNetworkNamespace,
  ensureBinaries,
  type NetworkNamespace,
  type RunningEngine,
  type Runtimes,
  startEngine,
} from '@conjob/provision';
import { filesOfEngineWithCanary, filesWithCanary } from './canary.ts';
import { serverFiles } from './certificates.ts';
import { ContainerWitness } from './container-witness.ts';
import { mountDisk } from './small-disk.ts';
import { tempFolder } from './temp-folder.ts';
import { importTestImages } from './test-images.ts';

/** What is needed to use an engine, also from another process than the one that started it. */
export interface EngineAccess {
  readonly socketPath: string;
  /** The network namespace of the engine, as a path for `nsenter`. */
  readonly networkPath: string;
}

export interface TestEngineOptions {
  /** Containers outlive `crash`. Default false. */
  readonly liveRestore?: boolean;
  /** Its images and containers get a disk of their own of this size. Default: they share the temporary one. */
  readonly diskBytes?: number;
  /** Look at each container that ConJob makes, whether it has the shape of its profile. Default true. */
  readonly witness?: boolean;
  /** Import the test images. Default true; an engine without is up a little sooner. */
  readonly images?: boolean;
  /** Its namespace has a bridge, which leads nowhere, for containers of network `bridge`. Default false. */
  readonly withBridge?: boolean;
  /**
   * Listen with TLS as well, on port 2376 of its own loopback, for clients with a certificate: the folder has what
   * `makeCertificates` makes.
   */
  readonly certificates?: string;
  /** Offers crun beside runc. Default false, and true for all of them with `TEST_ENGINE_CRUN=on` in the environment. */
  readonly withCrun?: boolean;
  /** Besides its own: of each name the path. Default: none. */
  readonly runtimes?: Runtimes;
}

export interface TestEngine extends EngineAccess {
  readonly pid: number;
  readonly logPath: string;
  /** Where its images and containers are. */
  readonly dataRoot: string;
  /** Kills dockerd, as a crash does; with `liveRestore` containers live on. */
  crash(): Promise<void>;
  /** Starts dockerd again on the same socket and data, in the same network; ends it first. */
  restart(): Promise<void>;
  /**
   * Also removes its containers, mounts and files. Idempotent. Then throws when a container of ConJob did not
   * have the shape of its profile, or a canary was left with the engine: see `canary.ts`.
   */
  stop(): Promise<void>;
}

/**
 * Starts a private Docker engine that nothing but its socket leads to. Its network is a loopback
 * of its own, which a test registry can share (`startTestRegistry`).
 */
export async function startTestEngine(options: TestEngineOptions = {}): Promise<TestEngine> {
  const {
    liveRestore = false,
    images = true,
    witness: isWatched = true,
    diskBytes,
    withBridge = false,
    certificates,
    withCrun = process.env['TEST_ENGINE_CRUN'] === 'on',
    runtimes = {},
  } = options;
  if (withCrun) await ensureBinaries(['crun']);
  const folder = tempFolder();
  const dataRoot = join(folder.path, 'engine/data');
  // Unmounted with all else of the engine.
  if (diskBytes !== undefined) await mountDisk(dataRoot, diskBytes);
  const network = await createNetworkNamespace({ withBridge });
  const tls = certificates === undefined ? undefined : { port: 2376, ...serverFiles(certificates) };
  const start = (): Promise<RunningEngine> =>
    startEngine({
      dataDir: folder.path,
      network,
      liveRestore,
      withCrun,
      runtimes,
      ...(tls && { tls }),
    });
  let engine = await start().catch(async (error: unknown) => {
    await clearEngine(folder.path);
    release(network, folder);
    throw error;
  });
  const witness = isWatched ? new ContainerWitness(engine.socketPath) : undefined;
  const stop = async (): Promise<void> => {
    const faults = (await witness?.end()) ?? [];
    await engine.stop();
    const leaks = existsSync(dataRoot)
      ? [...(await filesOfEngineWithCanary(dataRoot)), ...(await filesWithCanary(engine.logPath))]
      : [];
    await clearEngine(folder.path); // a restart may have failed half way
    release(network, folder);
    if (faults.length > 0)
      throw new Error(`Not of a shape in container-shape.ts: ${faults.join('; ')}`);
    if (leaks.length > 0) throw new Error(`A secret is in ${leaks.join(', ')}`);
  };
  try {
    if (images) await importTestImages(engine.socketPath);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    socketPath: engine.socketPath,
    networkPath: network.path,
    logPath: engine.logPath,
    dataRoot,
    get pid() {
      return engine.pid;
    },
    async crash() {
      process.kill(engine.pid, 'SIGKILL');
      await engine.exited;
    },
    async restart() {
      await engine.stop({ keepContainers: true });
      engine = await start();
    },
    stop,
  };
}

/** The command line that runs `command` in an engine's network. */
export function inNetwork(engine: EngineAccess, command: readonly string[]): string[] {
  return ['nsenter', `--net=${engine.networkPath}`, '--', ...command];
}

function release(network: NetworkNamespace, folder: { remove(): void }): void {
  network.close();
  folder.remove();
}
