import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { freePort, type RedisAddress, type RunningRedis, startRedis } from '@conjob/provision';
import { Redis } from 'ioredis';
import { filesWithCanary } from './canary.ts';
import { serverFiles } from './certificates.ts';
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
  /** Listen with TLS as well: the folder has what `makeCertificates` makes. */
  readonly certificates?: string;
}

export interface TestRedis {
  /** `unix:///…` or `redis://127.0.0.1:…`; the same after a restart. */
  readonly url: string;
  readonly address: RedisAddress;
  /** What `new Redis(…)` of ioredis takes: a socket path or a URL. */
  readonly target: string;
  readonly pid: number;
  /** Port of 127.0.0.1 with TLS; 0 where there is none. */
  readonly tlsPort: number;
  /** Ends it at once, as a crash does. */
  crash(): Promise<void>;
  /** Starts it again on the same address and data; stops it first if it runs. */
  restart(): Promise<void>;
  /** Also removes its files. Idempotent. Throws when it had a canary: see `canary.ts`. */
  stop(): Promise<void>;
}

/** Starts a private Redis for tests. */
export async function startTestRedis(options: TestRedisOptions = {}): Promise<TestRedis> {
  const { appendOnly = false, listen = 'unix', diskBytes, users = [], certificates } = options;
  const folder = tempFolder();
  const disk = join(folder.path, REDIS_FOLDER);
  if (diskBytes !== undefined) await mountDisk(disk, diskBytes);
  const tls =
    certificates === undefined
      ? undefined
      : { port: await freePort(), ...serverFiles(certificates) };
  const start = (address: RedisAddress): Promise<RunningRedis> =>
    startRedis({ dataDir: folder.path, listen: address, appendOnly, users, ...(tls && { tls }) });
  const target = (of: RunningRedis) =>
    'socketPath' in of.address ? of.address.socketPath : of.url;
  let redis = await start(
    listen === 'tcp' ? { port: 0 } : { socketPath: join(folder.path, 'redis.sock') },
  );
  const { url, address } = redis;
  return {
    url,
    address,
    tlsPort: tls?.port ?? 0,
    target: target(redis),
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
      await saveAll(target(redis));
      await redis.stop();
      const found = existsSync(disk) ? await filesWithCanary(disk) : [];
      if (diskBytes !== undefined) await unmountDisk(disk);
      folder.remove();
      if (found.length > 0) throw new Error(`A secret is in ${found.join(', ')}`);
    },
  };
}

const SAVE_MS = 5_000;

/** All that it has into a file, to be searched; what is on disk already is there without. */
async function saveAll(target: string): Promise<void> {
  const redis = new Redis(target, {
    lazyConnect: true,
    connectTimeout: SAVE_MS,
    commandTimeout: SAVE_MS,
    retryStrategy: () => null,
  });
  redis.on('error', () => {}); // one that a test has ended
  try {
    await redis.connect();
    await redis.config('SET', 'rdbcompression', 'no');
    await redis.save();
  } catch {
    // Ended, full or without memory: its append-only file is looked into nevertheless.
  } finally {
    redis.disconnect();
  }
}
