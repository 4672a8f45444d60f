import { createLogger } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import type { Engine } from './engine/engine.ts';
import { FakeEngine } from './engine/fake/fake-engine.ts';
import { LABELS } from './engine/labels.ts';
import { sweep } from './sweep.ts';
import { override } from './testing/override.ts';
import { testContainer } from './testing/specs.ts';

const IMAGE = 'docker.io/library/shell:latest';
const HOUR_MS = 3_600_000;
const logger = createLogger({ name: 'worker', level: 'silent' });
const ours = { [LABELS.installation]: 'here', [LABELS.worker]: 'me' };

let engine: FakeEngine;

beforeEach(() => {
  engine = new FakeEngine();
  engine.images.add(IMAGE);
});

async function container(labels: Record<string, string>, args = ['true']): Promise<string> {
  const id = await engine.create(testContainer(IMAGE, args, { labels }));
  await engine.start(id);
  return id;
}

const exists = async (id: string) => (await engine.inspect(id)) !== null;
const run = (isRunningHere = (_job: string) => false, on: Engine = engine) =>
  sweep({ engine: on, installation: 'here', worker: 'me', isRunningHere, logger });

/** An engine whose containers were made so long ago. */
function madeEarlier(milliseconds: number): Engine {
  return override(engine, {
    list: async (labels) => {
      const list = await engine.list(labels);
      return list.map((it) => ({ ...it, createdAt: it.createdAt - milliseconds }));
    },
  });
}

/** The same, and they ended as early. */
function endedEarlier(milliseconds: number): Engine {
  return override(madeEarlier(milliseconds), {
    inspect: async (id) => {
      const state = await engine.inspect(id);
      const { finishedAt = null } = state ?? {};
      return state && finishedAt ? { ...state, finishedAt: finishedAt - milliseconds } : state;
    },
  });
}

describe('the sweep', () => {
  test('keeps an ended container until its time is over, then removes it', async () => {
    const kept = await container({ ...ours, [LABELS.keepSeconds]: '3600' });
    const over = await container({ ...ours, [LABELS.keepSeconds]: '0.001' });
    const never = await container({ ...ours, [LABELS.keepSeconds]: '0' });
    await until(async () => {
      await run();
      return !(await exists(over));
    });
    expect([await exists(kept), await exists(never)]).toEqual([true, false]);
  });

  test('removes what runs for nobody, and what never ran, however long it was to be kept', async () => {
    const labels = { ...ours, [LABELS.keepSeconds]: '3600' };
    const running = await container(labels, ['sleep', '600']);
    const unstarted = await engine.create(testContainer(IMAGE, ['true'], { labels }));
    await run();
    expect([await exists(running), await exists(unstarted)]).toEqual([false, false]);
  });

  test('leaves alone what is running here', async () => {
    const id = await container({ ...ours, [LABELS.job]: 'j1' }, ['sleep', '600']);
    await run((job) => job === 'j1');
    expect(await exists(id)).toBe(true);
    await engine.remove(id);
  });

  test('keeps a container that ended and was to be kept since the list was made', async () => {
    const labels = { ...ours, [LABELS.job]: 'j1', [LABELS.keepSeconds]: '3600' };
    const id = await container(labels, ['sleep', '600']);
    const late = override(engine, {
      list: async (wanted) => {
        const list = await engine.list(wanted);
        engine.kill(id);
        return list;
      },
    });
    await run(() => false, late);
    expect(await exists(id)).toBe(true);
  });

  test.each([
    ['no labels at all', {}],
    ['the name of another worker', { ...ours, [LABELS.worker]: 'you' }],
    ['the name of another ConJob', { ...ours, [LABELS.installation]: 'there' }],
    ['only half of our labels', { [LABELS.worker]: 'me' }],
  ])('never touches a container with %s', async (_, labels) => {
    const id = await container(labels, ['sleep', '600']);
    await run();
    expect(await exists(id)).toBe(true);
    await engine.remove(id);
  });

  test('asks the engine of no kept container that is younger than its time', async () => {
    await container({ ...ours, [LABELS.keepSeconds]: '3600' });
    const asked: string[] = [];
    const counting = override(engine, {
      inspect: async (id) => {
        asked.push(id);
        return engine.inspect(id);
      },
    });
    await run(() => false, counting);
    expect(asked).toEqual([]);
  });

  test('keeps a container from its end on, not from when it was made', async () => {
    const kept = await container({ ...ours, [LABELS.keepSeconds]: '3600' });
    await run(() => false, madeEarlier(2 * HOUR_MS));
    expect(await exists(kept)).toBe(true);
  });

  test('takes the image along for a job that wished so', async () => {
    await container({ ...ours, [LABELS.image]: 'shell', [LABELS.removeImage]: 'true' });
    await run();
    expect(await engine.findImage(IMAGE)).toBeNull();
  });

  describe('of another worker, which may be gone for good,', () => {
    const theirs = { ...ours, [LABELS.worker]: 'you', [LABELS.keepSeconds]: '60' };

    test('removes what does not run, when its time has been over for long', async () => {
      const ended = await container(theirs);
      const unstarted = await engine.create(testContainer(IMAGE, ['true'], { labels: theirs }));
      await run(() => false, endedEarlier(2 * HOUR_MS));
      expect([await exists(ended), await exists(unstarted)]).toEqual([false, false]);
    });

    test('leaves what it may be about to start or to read, and what is to be kept', async () => {
      const none = { ...theirs, [LABELS.keepSeconds]: '0' };
      const ended = await container(none);
      const unstarted = await engine.create(testContainer(IMAGE, ['true'], { labels: none }));
      const kept = await container({ ...theirs, [LABELS.keepSeconds]: '86400' });
      await run();
      expect([await exists(unstarted), await exists(ended)]).toEqual([true, true]);
      await run(() => false, endedEarlier(12 * HOUR_MS));
      expect([await exists(unstarted), await exists(ended)]).toEqual([false, false]);
      expect(await exists(kept)).toBe(true);
    });

    test('leaves what runs, however long', async () => {
      const id = await container(theirs, ['sleep', '600']);
      await run(() => false, endedEarlier(24 * HOUR_MS));
      expect(await exists(id)).toBe(true);
      await engine.remove(id);
    });
  });

  test('goes on with the others when one can’t be removed', async () => {
    const stuck = await container(ours);
    const other = await container(ours);
    const failing = override(engine, {
      remove: async (id) => {
        if (id === stuck) throw new Error('device or resource busy');
        await engine.remove(id);
      },
    });
    await run(() => false, failing);
    expect([await exists(stuck), await exists(other)]).toEqual([true, false]);
  });
});
