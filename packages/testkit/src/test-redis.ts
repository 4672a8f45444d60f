import { join } from 'node:path';
import { type RedisAddress, type RunningRedis, startRedis } from '@conjob/provision';
import { mountDisk, unmountDisk } from './small-disk.ts';
import { REDIS_FOLDER, tempFolder } from './temp-folder.ts';

export interface TestRedisOptions {
  /** Keep what is written across `restart`. Default false: memory only, quick. */
  readonly appendOnly?: boolean;
  /** Default a unix socket; `tcp` a free port of 127.0.0.1. */
  readonly listen?: 'unix' | 'tcp';
  /** Its files get a disk of their own of this size. Default: they share the temporary one. */
  readonly diskBytes?: number;
  /** Users beside the default one, who may do everything: lines of an ACL file without the word `user`. */
  readonly users?: readonly string[];
}

export interface TestRedis {
  /** `unix:///…` or `redis://127.0.0.1:…`; the same after a restart. */
  readonly url: string;
  readonly address: RedisAddress;
  /** What `new Redis(…)` of ioredis takes: a socket path or a URL. */
  readonly target: string;
  readonly pid: number;
  /** Ends it at once, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again on the same address and data; stops it first if it runs. */
  restart(): Promise<void>;
  /** Also removes its files. Idempotent. */
  stop(): Promise<void>;
}

/** Starts a private Redis for tests. */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { appendOnly = false, listen = 'unix', diskBytes, users = [] } = options;
  const folder = tempFolder();
  const disk = join(folder.path, REDIS_FOLDER);
  if (diskBytes !== undefined) await mountDisk(disk, diskBytes);
  const start = (address: RedisAddress): Promise<RunningRedis> =>
    startRedis({ dataDir: folder.path, listen: address, appendOnly, users });
  let redis = await start(
    listen === 'tcp' ? { port: 0 } : { socketPath: join(folder.path, 'redis.sock') },
  );
  const { url, address } = redis;
  return {
    url,
    address,
    target: 'socketPath' in address ? address.socketPath : url,
    get pid() {
      return redis.pid;
    },
    async crash() {
      process.kill(redis.pid, 'SIGKILL');
      await redis.exited;
    },
    async restart() {
      await redis.stop();
      redis = await start(address);
    },
    async stop() {
      await redis.stop();
      if (diskBytes !== undefined) await unmountDisk(disk);
      folder.remove();
    },
  };
}
