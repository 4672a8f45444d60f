import { createLogger, loadConfig } from '@conjob/shared';
import { FakeEngine } from '../../../apps/worker/src/engine/fake/fake-engine.ts';
import type { FakeImage } from '../../../apps/worker/src/engine/fake/fake-images.ts';
import {
  type RunningWorker,
  startWorker,
  workerConfigSchema,
} from '../../../apps/worker/src/worker.ts';

const shell = (script: string): FakeImage => ({ entrypoint: ['sh', '-c', script] });

/** What it runs, by image. Any other image is one that no registry has. */
const IMAGES: Readonly<Record<string, FakeImage>> = {
  echo: { entrypoint: ['echo'] },
  fail: shell('echo out; echo err >&2; exit 3'),
  silent: { command: ['true'] },
  cat: { entrypoint: ['cat'] },
  large: { command: ['seq', '20000'] },
  /** Long enough to be cancelled, and short enough to leave its place to others. */
  hang: shell("trap 'exit 0' TERM; echo started; sleep 1"),
  hungry: { command: ['tail'] },
  'no-command': { entrypoint: ['nonsense'] },
};
export const KNOWN_IMAGES: readonly string[] = Object.keys(IMAGES);

/** A real worker; only its containers are played. */
export function startFuzzedWorker(redisUrl: string): Promise<RunningWorker> {
  const engine = new FakeEngine('fuzzed');
  for (const [name, image] of Object.entries(IMAGES)) {
    const reference = `docker.io/library/${name}:latest`;
    engine.images.add(reference, image);
    engine.images.publish(reference, image);
  }
  const env = {
    REDIS_URL: redisUrl,
    WORKER_NAME: 'w1',
    WORKER_LABELS: 'gpu=true',
    WORKER_CONCURRENCY: '32',
    MAX_OUTPUT_BYTES: '65536',
  };
  return startWorker(
    loadConfig(workerConfigSchema, env),
    createLogger({ name: 'worker', level: 'silent', destination: { write: () => {} } }),
    new AbortController().signal,
    async () => ({
      engine,
      upkeep: engine.upkeep,
      helpers: engine.helpers,
      described: await engine.describe(),
      check: async () => [],
    }),
  );
}
