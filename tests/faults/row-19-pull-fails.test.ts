import { pushImage, startTestRegistry, TEST_IMAGES } from '@conjob/testkit';
import { expect } from 'vitest';
import { startBadRegistry } from './support/cluster/bad-registry.ts';
import { faultRow } from './support/fault-row.ts';
import { lines } from './support/load/script.ts';

const PULL_SECONDS = 3;
/** Nobody listens there. */
const NOWHERE = '127.0.0.1:1';

/** Each image goes wrong in its own way, and must be told apart. */
const CODES = {
  missing: 'image.not_found',
  private: 'image.unauthorized',
  broken: 'registry.failed',
  busy: 'registry.rate_limited',
  stalled: 'pull.timed_out',
  refused: 'registry.unreachable',
} as const;

faultRow(
  {
    row: '19',
    fault: 'pull: 404, 401, 500, 429, no answer, connection refused',
    cluster: { workerEnv: [{ WORKER_LABELS: 'host=north' }] },
    tolerance: { mayEnd: Object.values(CODES) },
  },
  async ({ cluster, load, control, recovery, figures }) => {
    const [{ engine }] = cluster.workers;
    const bad = await startBadRegistry(engine);
    const good = await startTestRegistry(engine);
    try {
      const pull = (image: string) => {
        const key = load.newKey();
        const requires = { host: 'north' };
        const spec = { image, pull: 'always', pullTimeoutSeconds: PULL_SECONDS, requires };
        return load.run({ key, script: lines(key, 2), spec: { ...spec, removeImage: true } });
      };
      const clients = Object.entries(CODES).map(([image, code]) => {
        const host = image === 'refused' ? NOWHERE : bad.host;
        return { image, code, ...pull(`${host}/${image}:latest`) };
      });
      // They need no registry, and are not held up by those that wait for one.
      await load.mix({ jobs: 6, kinds: ['short', 'failing'] });
      for (const { image, code, operation, ended } of clients) {
        await ended;
        const { view } = operation;
        expect(view, image).toMatchObject({ conclusion: 'NOT_FOUND', error: { code } });
        figures[image] = code;
        const says = `the registry was asked for "${image}"`;
        if (image !== 'refused') await control(says, bad.wasAskedFor(image));
        else await control('nobody listens', /refused/.test(JSON.stringify(view)));
      }
      const { reference } = await pushImage(engine, TEST_IMAGES.busybox.tag, good, 'faults/good');
      const { operation } = await recovery(async () => {
        const client = pull(reference);
        await client.ended;
        return client;
      });
      expect(operation.view).toMatchObject({ conclusion: 'SUCCESS', error: null });
    } finally {
      await Promise.all([bad.stop(), good.stop()]);
    }
  },
);
