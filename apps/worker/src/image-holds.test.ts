import { importTinyImage, until } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import type { Engine } from './engine/engine.ts';
import { ImageHolds } from './image-holds.ts';
import { runJob } from './run-job.ts';
import { StopSignal } from './stop-reason.ts';
import { jobDependencies } from './testing/job-dependencies.ts';
import { override } from './testing/override.ts';
import { sharedEngine } from './testing/services.ts';
import { openLedger, type TestLedger } from './testing/test-redis.ts';

const IMAGE = 'acme/tool:1';
const LONG_MS = 60_000;

describe('an image', () => {
  let holds: ImageHolds;
  let removed: number;
  const remove = async () => {
    removed += 1;
    return 'gone';
  };
  beforeEach(() => {
    holds = new ImageHolds();
    removed = 0;
  });

  test('is removed at once when nobody holds it', async () => {
    expect(await holds.whenFree(IMAGE, 0, remove)).toBe('gone');
    expect(removed).toBe(1);
  });

  test.each([IMAGE, 'acme/tool:2', `acme/tool@sha256:${'0'.repeat(64)}`, 'docker.io/acme/tool'])(
    'waits while a job is about to use %s',
    async (used) => {
      const using = Promise.withResolvers<void>();
      const use = holds.hold(used, () => using.promise);
      const removal = holds.whenFree(IMAGE, LONG_MS, remove);
      expect(await holds.whenFree(IMAGE, 0, remove)).toBeNull();
      expect(removed).toBe(0);
      using.resolve();
      await use;
      expect(await removal).toBe('gone');
      expect(removed).toBe(1);
    },
  );

  test('of another repository does not wait', async () => {
    const using = Promise.withResolvers<void>();
    const use = holds.hold('acme/other:1', () => using.promise);
    expect(await holds.whenFree(IMAGE, 0, remove)).toBe('gone');
    using.resolve();
    await use;
  });

  test('is used only when its removal is over, also one that fails', async () => {
    const removing = Promise.withResolvers<void>();
    const removal = holds.whenFree(IMAGE, LONG_MS, () => removing.promise);
    let isUsed = false;
    const use = holds.hold(IMAGE, async () => {
      isUsed = true;
    });
    await Promise.resolve();
    expect(isUsed).toBe(false);
    removing.reject(new Error('the engine is away'));
    await expect(removal).rejects.toThrow('away');
    await use;
    expect(isUsed).toBe(true);
  });
});

describe('jobs of one image on a real engine, of which some remove it', () => {
  const engine = sharedEngine();
  const image = `conjob-test/removed-${process.pid}:1`;
  let ledger: TestLedger;
  beforeAll(async () => {
    ledger = await openLedger();
  });
  afterAll(async () => {
    await engine.removeImage(image);
    await ledger.close();
  });

  test('one that another process runs keeps its image, and that goes with the last one', async () => {
    await importTinyImage(inject('engineSocket'), [image], 2000);
    // Each process knows of its own jobs only.
    const run = async (job: object, stop = new StopSignal(), begun?: () => void) => {
      const id = await ledger.submit({
        image,
        pull: 'never',
        remove: true,
        removeImage: true,
        ...job,
      });
      const of = override(engine, {
        start: async (container) => {
          await engine.start(container);
          begun?.();
        },
      });
      const dependencies = {
        ...jobDependencies(of, ledger.attempts),
        imageHolds: new ImageHolds(),
      };
      return runJob(dependencies, await ledger.claim(id), stop);
    };
    const isThere = async () => (await engine.findImage(image)) !== null;
    const running = Promise.withResolvers<void>();
    const stop = new StopSignal();
    const long = run({ args: ['sleep', '600'], killTimeoutSeconds: 0 }, stop, running.resolve);
    await running.promise;
    for (let n = 0; n < 3; n += 1) {
      expect(await run({ args: ['true'] })).toMatchObject({ conclusion: 'SUCCESS' });
      expect(await isThere()).toBe(true);
    }
    stop.stop('cancelled');
    expect(await long).toMatchObject({ conclusion: 'CANCELLED' });
    await until(async () => !(await isThere()));
  });

  test('one that stands between its look at the image and its container still gets that', async () => {
    await importTinyImage(inject('engineSocket'), [image], 1000);
    const [looked, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const events: string[] = [];
    // The second job has seen the image, and makes its container when the first one wants to remove it.
    const slow = override(engine, {
      create: async (spec) => {
        looked.resolve();
        await asked.promise;
        const id = await engine.create(spec);
        events.push('created');
        return id;
      },
    });
    const watched = override(engine, {
      removeImage: (reference) => {
        events.push('removed');
        return engine.removeImage(reference);
      },
    });
    const imageHolds = new (class extends ImageHolds {
      override whenFree<T>(of: string, patienceMs: number, removeIt: () => Promise<T>) {
        const removal = super.whenFree(of, patienceMs, removeIt);
        asked.resolve();
        return removal;
      }
    })();
    const run = async (of: Engine, job: object) => {
      const id = await ledger.submit({ image, args: ['true'], remove: true, ...job });
      const dependencies = { ...jobDependencies(of, ledger.attempts), imageHolds };
      return runJob(dependencies, await ledger.claim(id), new StopSignal());
    };
    const second = run(slow, {});
    await looked.promise;
    const first = run(watched, { removeImage: true });
    expect(await Promise.all([first, second])).toMatchObject([
      { conclusion: 'SUCCESS' },
      { conclusion: 'SUCCESS' },
    ]);
    expect(events).toEqual(['created', 'removed']);
  });
});
