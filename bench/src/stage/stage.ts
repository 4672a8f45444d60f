import { ensureBinaries, findBinary } from '@conjob/provision';
import { connectPatient, disconnect, Releasers } from '@conjob/shared';
import {
  startTestEngine,
  startTestRedis,
  sweepAbandoned,
  TEST_IMAGES,
  tempFolder,
} from '@conjob/testkit';
import Docker from 'dockerode';
import { type ConJob, startConJob } from './conjob.ts';
import { type Installation, install } from './installation.ts';

/** What every scenario plays on: an engine and a Redis of our own, on this machine's disk. */
export interface Stage {
  readonly docker: Docker;
  readonly engineSocket: string;
  readonly redisPid: number;
  /** Without the number of a database: by that, several ConJobs can share it. */
  readonly redisUrl: string;
  readonly image: string;
  /** The engine offers crun beside its own runtime. Whoever wants it says `CONTAINER_RUNTIME`. */
  readonly hasCrun: boolean;
  /** Run what `pnpm build` made instead of the sources. */
  readonly built: boolean;
  /** Gives `use` a new ConJob, and stops it afterwards. */
  withConJob<T>(
    env: Readonly<Record<string, string>>,
    use: (conJob: ConJob) => Promise<T>,
  ): Promise<T>;
  /** Gives `use` a new installation on the same engine, with a Redis of its own, and ends it afterwards. */
  withInstallation<T>(use: (installation: Installation) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** What is compared runs by the same runtime, unless a scenario says otherwise. */
const RUNTIME = { CONTAINER_RUNTIME: 'default' } as const;

export interface StageOptions {
  readonly built: boolean;
  /** Redis forgets up to a second of writes at a power loss: not what ConJob promises. */
  readonly everysec: boolean;
}

export async function setStage({ built, everysec }: StageOptions): Promise<Stage> {
  const releasers = new Releasers();
  try {
    await sweepAbandoned();
    const folder = tempFolder();
    releasers.push(() => folder.remove());
    const redis = await startTestRedis({ appendOnly: true, listen: 'tcp' });
    releasers.push(() => redis.stop());
    if (everysec) await writeEverySecond(redis.url);
    const hasCrun = await isThere('crun');
    const engine = await startTestEngine({ witness: false, withBridge: true, withCrun: hasCrun });
    releasers.push(() => engine.stop());
    const places = {
      redisUrl: redis.url,
      engineSocket: engine.socketPath,
      folder: folder.path,
      built,
    };
    return {
      docker: connect(engine.socketPath),
      engineSocket: engine.socketPath,
      redisPid: redis.pid,
      redisUrl: redis.url,
      image: TEST_IMAGES.busybox.tag,
      hasCrun,
      built,
      async withConJob(env, use) {
        const conJob = await startConJob({ ...places, env: { ...RUNTIME, ...env } });
        try {
          return await use(conJob);
        } finally {
          await conJob.stop();
        }
      },
      async withInstallation(use) {
        const installation = await install(places);
        try {
          return await use(installation);
        } finally {
          await installation.stop();
        }
      },
      close: () => releasers.releaseAll(),
    };
  } catch (error) {
    await releasers.releaseAll();
    throw error;
  }
}

/** Also where it can only be found in the packages of the system, and is installed from them. */
async function isThere(binary: 'crun'): Promise<boolean> {
  await ensureBinaries([binary]).catch(() => {});
  return findBinary(binary) !== undefined;
}

/** Without an HTTP agent of its own, as the worker connects; see the scenario `cpu`. */
function connect(socketPath: string): Docker {
  const nothing = { host: undefined } as unknown as { host: string };
  return new Docker({ ...nothing, protocol: 'http', socketPath });
}

async function writeEverySecond(redisUrl: string): Promise<void> {
  const redis = connectPatient(redisUrl);
  await redis.config('SET', 'appendfsync', 'everysec');
  await disconnect(redis);
}
