import { ensureBinaries } from '@conjob/provision';
import type { TestProject } from 'vitest/node';
import { childProcesses, listContainers } from './leaks.ts';
import { expectNoMarkedProcesses } from './process-mark.ts';
import { sweepOnExit } from './sweep-on-exit.ts';
import { sweepAbandoned } from './temp-folder.ts';
import { startTestEngine, type TestEngine } from './test-engine.ts';
import { startTestRedis, type TestRedis } from './test-redis.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Unix socket of the engine all test files share; it has the `TEST_IMAGES`. */
    engineSocket: string;
    /** Its network namespace, for `startTestRegistry`. */
    engineNetwork: string;
    /** `unix:///…` of the Redis all test files share: use keys of your own. */
    redisUrl: string;
    /** The same for `new Redis(…)` of ioredis. */
    redisTarget: string;
  }
}

interface Services {
  readonly engine: TestEngine;
  readonly redis: TestRedis;
  stop(): Promise<void>;
}

/** Every project that names this file as its global setup loads a copy of it: they share by this. */
const SHARED = Symbol.for('conjob.test-services');
type Shared = { [SHARED]?: { readonly services: Promise<Services>; users: number } };

/** A vitest global setup: one engine and one Redis for the whole run, stopped at its end. */
export default async function services(project: TestProject): Promise<() => Promise<void>> {
  const shared = globalThis as Shared;
  shared[SHARED] ??= { services: startServices(), users: 0 };
  const use = shared[SHARED];
  use.users += 1;
  const { engine, redis, stop } = await use.services;
  project.provide('engineSocket', engine.socketPath);
  project.provide('engineNetwork', engine.networkPath);
  project.provide('redisUrl', redis.url);
  project.provide('redisTarget', redis.target);
  return async () => {
    use.users -= 1;
    if (use.users > 0) return;
    delete shared[SHARED];
    await stop();
  };
}

async function startServices(): Promise<Services> {
  const say = (line: string) => console.log(line);
  const tools = ['busybox', 'docker-registry', 'htpasswd', 'nginx'] as const;
  await ensureBinaries(['redis-server', 'dockerd', 'crun', ...tools], { say });
  await sweepAbandoned();
  const childrenBefore = new Set(childProcesses().map(({ pid }) => pid));
  const [engine, redis] = await Promise.all([startTestEngine(), startTestRedis()]);
  let stopped: Promise<void> | undefined;
  const stopAll = (): Promise<void> => {
    stopped ??= Promise.all([engine.stop(), redis.stop()]).then(() => {});
    return stopped;
  };
  const forget = sweepOnExit();
  return {
    engine,
    redis,
    async stop() {
      forget();
      const containers = await listContainers(engine, { withHelpers: true });
      const ours = new Set([engine.pid, redis.pid]);
      await stopAll();
      const running = childProcesses().filter(
        ({ pid }) => ours.has(pid) && !childrenBefore.has(pid),
      );
      const left = [
        ...containers.map(({ name, state }) => `container ${name} (${state})`),
        ...running.map(({ pid, args }) => `process ${pid} (${args[0]})`),
      ];
      if (left.length > 0) throw new Error(`The tests left behind: ${left.join('; ')}`);
      expectNoMarkedProcesses();
    },
  };
}
