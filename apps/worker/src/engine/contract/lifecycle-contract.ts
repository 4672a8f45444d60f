import { describe, expect, test } from 'vitest';
import { LABELS } from '../labels.ts';
import { type ContractContext, read, type Started, VOLUME, WORKER } from './context.ts';

const CREATED = { status: 'created', exitCode: 0, outOfMemory: false, finishedAt: null };

/** Stopping, removing, looking. */
export function describeLifecycle(context: () => ContractContext): void {
  describe('stop', () => {
    const ready = async ({ attachment }: Started) =>
      expect((await attachment.output[Symbol.asyncIterator]().next()).done).toBe(false);

    test('lets a program end by itself, with its own code', async () => {
      const polite = context().sh("trap 'exit 7' TERM; echo ready; while :; do sleep 0.1; done");
      const started = await context().start(polite);
      await ready(started);
      await context().engine.stop(started.id, 30);
      expect(await started.watch.exitCode).toBe(7);
    });

    test.each([0, 1])('kills after %i seconds what does not listen', async (graceSeconds) => {
      const started = await context().start(context().sh("trap '' TERM; echo ready; sleep 600"));
      await ready(started);
      await context().engine.stop(started.id, graceSeconds);
      expect(await started.watch.exitCode).toBe(137);
      expect(await context().engine.inspect(started.id)).toMatchObject({
        status: 'exited',
        exitCode: 137,
        outOfMemory: false,
      });
    });

    test('twice at once is as good as once', async () => {
      const started = await context().start(context().sh('echo ready; sleep 600'));
      await ready(started);
      await Promise.all([
        context().engine.stop(started.id, 0),
        context().engine.stop(started.id, 0),
      ]);
      expect(await started.watch.exitCode).toBe(137);
    });

    test('once more with less grace ends it by the shorter one', async () => {
      const started = await context().start(context().sh("trap '' TERM; echo ready; sleep 600"));
      await ready(started);
      const patient = context().engine.stop(started.id, 600);
      await context().engine.stop(started.id, 1);
      await patient;
      expect(await started.watch.exitCode).toBe(137);
    });

    test('is fine for a container that never ran', async () => {
      const id = await context().engine.create(context().spec(['true']));
      await context().engine.stop(id, 0);
      expect(await context().engine.inspect(id)).toEqual(CREATED);
    });

    test('is fine for one that has ended', async () => {
      const { id } = await context().run(context().sh('exit 5'));
      await context().engine.stop(id, 0);
      expect(await context().engine.inspect(id)).toMatchObject({ status: 'exited', exitCode: 5 });
    });

    test('is fine for one that is gone', async () => {
      await context().engine.stop('no-such-container', 0);
    });
  });

  describe('recallEnd', () => {
    test.each([0, 3, 137, 143])(
      'knows the own end of a program that ended with %i',
      async (code) => {
        const { id } = await context().run(context().sh(`exit ${code}`));
        expect(await context().engine.recallEnd(id)).toBe('own');
      },
    );

    test('knows that one was told to end', async () => {
      const { id, attachment, watch } = await context().start(
        context().sh("trap 'exit 0' TERM; echo ready; while :; do sleep 0.1; done"),
      );
      await attachment.output[Symbol.asyncIterator]().next();
      await context().engine.stop(id, 30);
      expect(await watch.exitCode).toBe(0);
      expect(await context().engine.recallEnd(id)).toBe('told');
    });

    test('knows nothing of one that has not ended, or is gone', async () => {
      const { id } = await context().start(context().sh('sleep 600'));
      expect(await context().engine.recallEnd(id)).toBe('unknown');
      expect(await context().engine.recallEnd('no-such-container')).toBe('unknown');
    });
  });

  describe('wasRestartedSince', () => {
    test('is false of an engine that has started the container itself', async () => {
      const { id } = await context().start(context().sh('sleep 600'));
      expect(await context().engine.wasRestartedSince(id)).toBe(false);
    });
  });

  describe('remove', () => {
    test.each(['id', 'name'])('takes a container away by its %s', async (by) => {
      const container = context().spec(['true']);
      const id = await context().engine.create(container);
      await context().engine.remove(by === 'id' ? id : container.name);
      expect(await context().engine.inspect(id)).toBeNull();
    });

    test('ends a running container', async () => {
      const { id, attachment } = await context().start(context().sh('sleep 600'));
      const output = read(attachment).catch(() => null);
      await context().engine.remove(id);
      await output;
      expect(await context().engine.inspect(id)).toBeNull();
    });

    test('may come again, and more than once at a time', async () => {
      const id = await context().engine.create(context().spec(['true']));
      await Promise.all([
        context().engine.remove(id),
        context().engine.remove(id),
        context().engine.remove(id),
      ]);
      await context().engine.remove(id);
    });

    test('frees the name', async () => {
      const container = context().spec(['true']);
      await context().engine.remove(await context().engine.create(container));
      await context().engine.create(container);
    });
  });

  describe('inspect and list', () => {
    test('know a running container', async () => {
      const { id } = await context().start(context().sh('sleep 600'));
      expect(await context().engine.inspect(id)).toMatchObject({
        status: 'running',
        finishedAt: null,
      });
    });

    test('know when a container ended', async () => {
      const { id } = await context().run(context().sh('exit 2'));
      const state = await context().engine.inspect(id);
      expect(state).toMatchObject({ status: 'exited', exitCode: 2, outOfMemory: false });
      expect(state?.finishedAt).toEqual(expect.any(Number));
    });

    test('find containers in any state by all the labels asked for', async () => {
      const labels = { [LABELS.worker]: WORKER, [LABELS.job]: 'one' };
      const one = await context().engine.create(context().spec(['true'], { labels }));
      const running = await context().start(context().sh('sleep 600', { labels }));
      const { id: exited } = await context().run(context().spec(['true'], { labels }));
      const other = { ...labels, [LABELS.job]: 'two' };
      await context().engine.create(context().spec(['true'], { labels: other }));
      const found = await context().engine.list(labels);
      expect(found.map(({ id }) => id).sort()).toEqual([one, running.id, exited].sort());
      expect(found[0]?.labels).toMatchObject(labels);
      const statusOf = (wanted: string) => found.find(({ id }) => id === wanted)?.status;
      expect([one, running.id, exited].map(statusOf)).toEqual(['created', 'running', 'exited']);
      const unended = await context().engine.list(labels, 'unended');
      expect(unended.map(({ id }) => id).sort()).toEqual([one, running.id].sort());
      const inAMinute = Date.now() + 60_000;
      for (const { createdAt } of found) {
        expect(createdAt).toBeGreaterThan(inAMinute - 3_600_000);
        expect(createdAt).toBeLessThan(inAMinute);
      }
    });

    test('know nothing of what is not there', async () => {
      expect(await context().engine.inspect('no-such-container')).toBeNull();
      expect(await context().engine.findImage('docker.io/conjob-test/absent:latest')).toBeNull();
      expect(await context().engine.removeImage('docker.io/conjob-test/absent:latest')).toBe(false);
    });
  });

  test('a volume is made for its labels, and mounted with no others', async () => {
    const volume = (owner: string) => [{ name: VOLUME, target: '/data', labels: { owner } }];
    await context().engine.create(context().spec(['true'], { volumes: volume('us') }));
    await context().engine.create(context().spec(['true'], { volumes: volume('us') }));
    const theirs = context().spec(['true'], { volumes: volume('them') });
    await expect(context().engine.create(theirs)).rejects.toMatchObject({
      code: 'volume.not_ours',
    });
    expect(await context().engine.inspect(theirs.name)).toBeNull();
  });

  test('an image that a container uses is not removed', async () => {
    await context().engine.create(context().spec(['true']));
    expect(await context().engine.removeImage(context().image)).toBe(false);
    expect(await context().engine.findImage(context().image)).not.toBeNull();
  });

  test('an engine with space says so, each time', async () => {
    await context().engine.probeSpace();
    await context().engine.probeSpace();
  });

  test('an engine says who it is, the same each time', async () => {
    await context().engine.ping();
    const description = await context().engine.describe();
    expect(description.id).not.toBe('');
    expect(await context().engine.describe()).toEqual(description);
  });
}
