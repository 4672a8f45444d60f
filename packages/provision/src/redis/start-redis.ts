import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { ensureBinaries, type Say } from '../binaries/ensure-binaries.ts';
import { claimFolder, endLeftover } from '../service/folder-claim.ts';
import { removeIfEmpty, socketPathFor } from '../service/runtime-folder.ts';
import { type Service, type ServiceExit, startService } from '../service/service.ts';
import { waitUntilReady } from '../service/wait-until-ready.ts';
import { type RedisTls, redisArguments } from './redis-arguments.ts';
import { isRedisReady, type RedisAddress } from './redis-probe.ts';

export interface RedisOptions {
  /** Its files go to `<dataDir>/redis`. */
  readonly dataDir: string;
  /**
   * Default: a unix socket beside the data. A socket path too long for the kernel is replaced by
   * a short one; `port: 0` picks a free port. A port is open on 127.0.0.1 only.
   */
  readonly listen?: RedisAddress;
  /** Default true. False keeps everything in memory: for tests. */
  readonly appendOnly?: boolean;
  /** Users beside the default one, as lines of an ACL file without the word `user`. Default: none. */
  readonly users?: readonly string[];
  /** Listen with TLS as well, for clients with a certificate. Default: no. */
  readonly tls?: RedisTls;
  readonly say?: Say;
}

export interface RunningRedis {
  /** `unix://<absolute path>` or `redis://127.0.0.1:<port>`. */
  readonly url: string;
  readonly address: RedisAddress;
  readonly pid: number;
  readonly exited: Promise<ServiceExit>;
  /** Ends it in order; resolves when the process is gone. Idempotent. */
  stop(): Promise<void>;
}

/** Loading a large append-only file takes its time: about 1 GB in 10 s. */
const READY_WITHIN_MS = 120_000;
const STOP_GRACE_MS = 10_000;

/**
 * Starts a private Redis and resolves once it has loaded its data and answers.
 * A Redis left behind on the same data by a crash is ended first.
 *
 * Throws `MissingBinaryError`, `FolderInUseError`, `ServiceStartError`.
 */
export async function startRedis(options: RedisOptions): Promise<RunningRedis> {
  const { dataDir, appendOnly = true, users = [], tls, say } = options;
  const binary = await ensureBinaries(['redis-server'], say === undefined ? {} : { say });
  const folder = resolve(dataDir, 'redis');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const release = claimFolder(folder);
  const pidFile = join(folder, 'redis.pid');
  try {
    await endLeftover(pidFile, isRedis, STOP_GRACE_MS);
    const address = await resolveAddress(options.listen, folder, dataDir);
    const service = await startService({
      command: binary['redis-server'],
      args: redisArguments({ folder, address, appendOnly, users, tls }),
      logPath: join(folder, 'redis.log'),
    });
    writeFileSync(pidFile, String(service.pid));
    await waitUntilReady(
      'Redis',
      service,
      () => isRedisReady(address, service.pid),
      READY_WITHIN_MS,
    );
    return running(service, address, () => {
      rmSync(pidFile, { force: true });
      release();
    });
  } catch (error) {
    release();
    throw error;
  }
}

function running(service: Service, address: RedisAddress, cleanUp: () => void): RunningRedis {
  return {
    url: redisUrl(address),
    address,
    pid: service.pid,
    exited: service.exited,
    async stop() {
      await service.stop(STOP_GRACE_MS);
      cleanUp();
      if (!('socketPath' in address)) return;
      rmSync(address.socketPath, { force: true });
      removeIfEmpty(dirname(address.socketPath)); // the short folder, not the one of the data
    },
  };
}

function redisUrl(address: RedisAddress): string {
  return 'port' in address ? `redis://127.0.0.1:${address.port}` : `unix://${address.socketPath}`;
}

/** Redis shows "redis-server <address>" for its command line once it runs. */
function isRedis([command = '']: readonly string[]): boolean {
  return command.includes('redis-server');
}

async function resolveAddress(
  listen: RedisAddress | undefined,
  folder: string,
  dataDir: string,
): Promise<RedisAddress> {
  if (listen === undefined || 'socketPath' in listen) {
    const wanted = listen?.socketPath ?? join(folder, 'redis.sock');
    return { socketPath: socketPathFor(wanted, dataDir, 'redis.sock') };
  }
  return listen.port === 0 ? { port: await freePort() } : listen;
}

/** Of 127.0.0.1; somebody else may take it before it is used. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
