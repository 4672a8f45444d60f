import type { OutputChunk } from '@conjob/shared';
import { startFaultProxy, TEST_IMAGES, until } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { connectDocker } from './engine/docker/connect-docker.ts';
import { DockerEngine } from './engine/docker/docker-engine.ts';
import type { Engine } from './engine/engine.ts';
import { OutputRecorder } from './output/output-recorder.ts';
import { type RunOptions, runContainer } from './run-container.ts';
import { StopSignal } from './stop-reason.ts';
import { copiesOf } from './testing/copies-of.ts';
import { override } from './testing/override.ts';
import { sharedEngine } from './testing/services.ts';
import { testContainer } from './testing/specs.ts';

const IMAGE = TEST_IMAGES.busybox.tag;
/** Prints half of its output, and the other half when it is told to stop. */
const TWO_HALVES =
  "trap 'sleep 1; seq 5001 10000; exit 5' TERM; seq 1 5000; while :; do sleep 0.1; done";
const WHOLE = Array.from({ length: 10_000 }, (_, n) => `${n + 1}\n`).join('');
const HALF_BYTES = WHOLE.indexOf('5001\n');

const direct = sharedEngine();
let proxy: Awaited<ReturnType<typeof startFaultProxy>>;
let proxied: DockerEngine;
let stop: StopSignal;
let stored: OutputChunk[];
let recorder: OutputRecorder;

beforeEach(async () => {
  proxy = await startFaultProxy({ target: { path: inject('engineSocket') }, listen: 'unix' });
  const socketPath = 'path' in proxy.address ? proxy.address.path : '';
  proxied = new DockerEngine(connectDocker({ socketPath }));
  stop = new StopSignal();
  stored = [];
  recorder = new OutputRecorder(async (chunks) => {
    stored.push(...copiesOf(chunks));
  }, 16_000_000);
});
afterEach(() => proxy.stop());

async function begin(engine: Engine, script: string, more: Partial<RunOptions> = {}) {
  const id = await direct.create(testContainer(IMAGE, ['sh', '-c', script]));
  const exit = runContainer(engine, id, {
    input: undefined,
    recorder,
    stop,
    killTimeoutSeconds: 30,
    beforeStart: async () => {},
    afterStart: async () => {},
    onStarted: () => {},
    onExited: () => {},
    ...more,
  });
  return { id, exit: exit.finally(() => direct.remove(id)) };
}

const text = () => Buffer.concat(stored.map(({ data }) => data)).toString();

describe('a connection to the engine that is cut while a container runs', () => {
  test.each([
    ['all of it', (): Engine => proxied, true],
    ['only the waiting', (): Engine => throughProxy('watchExit'), true],
    // With the waiting intact nobody has to rejoin: the rest is fetched at the end.
    ['only the output', (): Engine => throughProxy('attach'), false],
  ])('(%s) costs no byte, and doubles none', async (_, engineOf, mustRejoin) => {
    const rejoined = Promise.withResolvers<void>();
    const inner = engineOf();
    const engine = override(inner, {
      watchExit: (id, condition) => {
        if (condition === 'not-running') rejoined.resolve();
        return inner.watchExit(id, condition);
      },
    });
    const { exit } = await begin(engine, TWO_HALVES);
    await until(() => recorder.totalBytes >= HALF_BYTES);
    proxy.cut();
    if (mustRejoin) await rejoined.promise;
    stop.stop('timed-out');
    expect(await exit).toEqual({ exitCode: 5, outOfMemory: false, outputComplete: true });
    expect(text()).toBe(WHOLE);
  });

  function throughProxy(method: 'attach' | 'watchExit'): Engine {
    return override(direct, {
      attach: (id, options) => (method === 'attach' ? proxied : direct).attach(id, options),
      watchExit: (id, condition) =>
        (method === 'watchExit' ? proxied : direct).watchExit(id, condition),
    });
  }
});

test('a container is stopped also while its output waits for the store (moby#41827)', async () => {
  const { promise: open, resolve } = Promise.withResolvers<void>();
  recorder = new OutputRecorder(() => open, 4_000_000);
  const { id, exit } = await begin(direct, "trap 'exit 6' TERM; while :; do seq 1 20000; done");
  const highWater = 1024 * 1024;
  await until(() => recorder.totalBytes > highWater);
  stop.stop('timed-out');
  await until(async () => (await direct.inspect(id))?.status === 'exited');
  resolve();
  expect(await exit).toMatchObject({ exitCode: 6, outputComplete: true });
});

describe('an engine that goes away when the container is about to be started', () => {
  let starts: number;

  /** Away when it is asked for this, and as long until somebody looks whether it is back; `onBack` comes before the answer. */
  function awayAt(method: 'attach' | 'watchExit', onBack: (id: string) => Promise<void>): Engine {
    starts = 0;
    const of = (name: typeof method) => (name === method ? proxied : direct);
    return override(direct, {
      attach: (id, options) => of('attach').attach(id, options),
      watchExit: (id, condition) => of('watchExit').watchExit(id, condition),
      inspect: async (id) => {
        await proxy.set('pass');
        await onBack(id);
        return direct.inspect(id);
      },
      start: (id) => {
        starts += 1;
        return direct.start(id);
      },
    });
  }
  beforeEach(() => proxy.set('refuse'));

  test.each(['attach', 'watchExit'] as const)(
    'at %s, starts it when it is back',
    async (method) => {
      const engine = awayAt(method, async () => {});
      const { exit } = await begin(engine, 'echo here; exit 4');
      expect(await exit).toMatchObject({ exitCode: 4, outputComplete: true });
      expect([text(), starts]).toEqual(['here\n', 1]);
    },
  );

  test('starts nothing when the job is stopped meanwhile', async () => {
    const engine = awayAt('attach', async () => stop.stop('cancelled'));
    const { exit } = await begin(engine, 'true', {
      beforeStart: async () => stop.throwIfStopped(),
    });
    await expect(exit).rejects.toMatchObject({ reason: 'cancelled' });
    expect(starts).toBe(0);
  });

  test('starts nothing that somebody has started or removed by then', async () => {
    for (const deed of [direct.start.bind(direct), direct.remove.bind(direct)]) {
      await proxy.set('refuse');
      const { exit } = await begin(awayAt('attach', deed), 'sleep 600');
      await expect(exit).rejects.toMatchObject({ code: 'engine.unavailable' });
      expect(starts).toBe(0);
    }
  });

  test.each<[string, Partial<RunOptions>, object]>([
    ['with an input', { input: Buffer.from('in') }, { code: 'engine.unavailable' }],
    [
      'before the start was noted',
      {
        beforeStart: async () => {
          throw new Error('not noted');
        },
      },
      { message: 'not noted' },
    ],
  ])('is not waited for %s', async (_, more, error) => {
    const engine = awayAt('attach', async () => {});
    const { exit } = await begin(engine, 'cat', more);
    await expect(exit).rejects.toMatchObject(error);
    expect(starts).toBe(0);
  });
});
