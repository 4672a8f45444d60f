import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Service, startService, waitUntilReady } from '@conjob/provision';
import { type LogLine, logLines } from './log-lines.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
/** A thousand workers in one process take their time. */
const READY_WITHIN_MS = 60_000;
const SAYS_WITHIN_MS = 20_000;
const LOOK_MS = 10;
/** More than the worker itself gives its jobs. */
const STOP_WITHIN_MS = 20_000;

/** Where each is, and what it says when it can be used. */
const APPS = {
  api: { folder: 'apps/api', main: 'src/main.ts', ready: 'listening' },
  worker: { folder: 'apps/worker', main: 'src/main.ts', ready: 'worker is ready' },
  /** Many workers in one process, each on a fake engine. */
  workers: {
    folder: 'bench',
    main: 'src/simulation/workers-main.ts',
    ready: 'all workers are ready',
  },
} as const;

export interface AppOptions {
  readonly app: keyof typeof APPS;
  readonly env: Readonly<Record<string, string>>;
  readonly logPath: string;
  /** Run what `pnpm build` made, as the images do, instead of the sources. */
  readonly built: boolean;
  /** A script that Node runs before the app. */
  readonly preload?: string | undefined;
  /** More options of Node. */
  readonly nodeOptions?: readonly string[] | undefined;
}

/** A process of ConJob. Times are milliseconds since the epoch. */
export interface AppProcess {
  readonly pid: number;
  /** Just before it was started. */
  readonly spawnedAt: number;
  /** What it said when it was ready. */
  readonly ready: LogLine;
  /** Waits for a line of its own log. */
  says(message: string): Promise<LogLine>;
  /** SIGKILL, and waits until it is gone. */
  kill(): Promise<void>;
  /** SIGTERM, and waits until it is gone. Idempotent. */
  stop(): Promise<void>;
}

/** Starts an API or a worker, and waits until it is ready. */
export async function startApp({
  app,
  env,
  logPath,
  built,
  preload,
  nodeOptions = [],
}: AppOptions) {
  const { folder, main, ready } = APPS[app];
  const spawnedAt = performance.timeOrigin + performance.now();
  const service: Service = await startService({
    // A service knows little of our environment; `env` replaces itself with the app.
    command: 'env',
    args: [
      ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
      process.execPath,
      // As the start scripts and the images do.
      '--max-semi-space-size=4',
      ...(app === 'api' ? ['--heap-growing-percent=20'] : []),
      ...(preload === undefined ? [] : ['--require', preload]),
      ...nodeOptions,
      join(ROOT, folder, built && app !== 'workers' ? 'dist/main.js' : main),
    ],
    logPath,
  });
  // Its reaper writes into the same log.
  const find = (message: string): LogLine | undefined =>
    logLines(readFileSync(logPath, 'utf8')).find(
      ({ pid, msg }) => pid === service.pid && msg === message,
    );
  await waitUntilReady(app, service, async () => find(ready) !== undefined, READY_WITHIN_MS);
  const says = async (message: string): Promise<LogLine> => {
    const deadline = performance.now() + SAYS_WITHIN_MS;
    for (;;) {
      const line = find(message);
      if (line !== undefined) return line;
      if (performance.now() > deadline) {
        throw new Error(`${app} did not say "${message}":\n${service.log.tail()}`);
      }
      await sleep(LOOK_MS);
    }
  };
  const started: AppProcess = {
    pid: service.pid,
    spawnedAt,
    ready: await says(ready),
    says,
    async kill() {
      process.kill(service.pid, 'SIGKILL');
      await service.exited;
    },
    stop: async () => void (await service.stop(STOP_WITHIN_MS)),
  };
  return started;
}
