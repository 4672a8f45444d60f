import type { OutputChunk } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { describe, expect, test } from 'vitest';
import { OutputQueue } from '../engine/fake/output-queue.ts';
import { copiesOf } from '../testing/copies-of.ts';
import { Drain, withoutSeen } from './drain.ts';
import { OutputRecorder } from './output-recorder.ts';

const chunk = (text: string, stream: OutputChunk['stream'] = 'stdout'): OutputChunk => ({
  stream,
  data: Buffer.from(text),
});

function recorderOf(stored: OutputChunk[]): OutputRecorder {
  return new OutputRecorder(async (chunks) => {
    stored.push(...copiesOf(chunks));
  }, 1000);
}

const textOf = (stored: readonly OutputChunk[]) => stored.map(({ data }) => String(data)).join('');

describe('a drain', () => {
  test('records everything up to the end', async () => {
    const stored: OutputChunk[] = [];
    const recorder = recorderOf(stored);
    const queue = new OutputQueue([chunk('one '), chunk('two')]);
    queue.end();
    expect(await new Drain(queue, recorder).ended).toBe(true);
    await recorder.end();
    expect(textOf(stored)).toBe('one two');
  });

  test('tells that the output broke off', async () => {
    async function* broken(): AsyncGenerator<OutputChunk> {
      yield chunk('one');
      throw new Error('cut');
    }
    const recorder = recorderOf([]);
    const drain = new Drain({ output: broken(), destroy: () => {} }, recorder);
    expect(await drain.ended).toBe(false);
    expect(recorder.totalBytes).toBe(3);
  });

  test('records nothing any more once it was let go', async () => {
    const recorder = recorderOf([]);
    const queue = new OutputQueue([chunk('one')]);
    const drain = new Drain(queue, recorder);
    await drain.letGo();
    const before = recorder.totalBytes;
    queue.push(chunk('late'));
    await recorder.end();
    expect(recorder.totalBytes).toBe(before);
  });

  test('is let go at once also while it waits for a store that is away', async () => {
    const recorder = new OutputRecorder(() => new Promise(() => {}), 10_000_000);
    const queue = new OutputQueue([{ stream: 'stdout', data: Buffer.alloc(2_000_000) }]);
    const drain = new Drain(queue, recorder);
    await until(() => recorder.totalBytes === 2_000_000);
    await drain.letGo();
    expect(await drain.ended).toBe(false);
    const next = new Drain(new OutputQueue([chunk('more')]), recorder);
    await until(() => recorder.totalBytes === 2_000_004);
    await next.letGo();
  });

  test('gives up on an attachment from which nothing comes', async () => {
    const drain = new Drain(new OutputQueue(), recorderOf([]));
    expect(await drain.endedUnlessIdle(1)).toBe(false);
    await drain.letGo();
  });

  test('has patience with a store that is slow', async () => {
    const { promise: open, resolve } = Promise.withResolvers<void>();
    const recorder = new OutputRecorder(() => open, 10_000_000);
    const queue = new OutputQueue([{ stream: 'stdout', data: Buffer.alloc(2_000_000) }]);
    queue.end();
    const ended = new Drain(queue, recorder).endedUnlessIdle(1);
    setTimeout(resolve, 20);
    expect(await ended).toBe(true);
  });

  test('skips in a replay what was recorded before, for each stream', async () => {
    const stored: OutputChunk[] = [];
    const recorder = recorderOf(stored);
    void recorder.write(chunk('abc'));
    void recorder.write(chunk('xy', 'stderr'));
    const queue = new OutputQueue([chunk('ab'), chunk('xyz', 'stderr'), chunk('cde'), chunk('f')]);
    queue.end();
    await new Drain(withoutSeen(queue, recorder), recorder).ended;
    await recorder.end();
    expect(textOf(stored.filter(({ stream }) => stream === 'stdout'))).toBe('abcdef');
    expect(textOf(stored.filter(({ stream }) => stream === 'stderr'))).toBe('xyz');
  });
});
