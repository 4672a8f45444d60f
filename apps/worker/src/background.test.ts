import { describe, expect, test } from 'vitest';
import { Background } from './background.ts';

function held() {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { task: () => promise, end: () => resolve() };
}

const hasSettled = async (promise: Promise<void>): Promise<boolean> =>
  Promise.race([promise.then(() => true), Promise.resolve().then(() => false)]);

describe('work in the background', () => {
  test('is not waited for while there is room', async () => {
    const background = new Background(2);
    const tasks = [held(), held()];
    for (const { task } of tasks) await background.add(task);
    for (const { end } of tasks) end();
    await background.idle();
  });

  test('makes who adds to it wait when there is no room', async () => {
    const background = new Background(1);
    const [first, second] = [held(), held()];
    await background.add(first.task);
    const added = background.add(second.task);
    expect(await hasSettled(added)).toBe(false);
    first.end();
    await added;
    second.end();
    await background.idle();
  });

  test('is over when all of it has ended', async () => {
    const background = new Background(2);
    const [first, second] = [held(), held()];
    await background.add(first.task);
    await background.add(second.task);
    first.end();
    const idle = background.idle();
    expect(await hasSettled(idle)).toBe(false);
    second.end();
    await idle;
  });
});
