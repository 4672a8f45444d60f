import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { Releasers } from './releasers.ts';

describe('releasers', () => {
  test('run last in, first out, one after the other', async () => {
    const releasers = new Releasers();
    const order: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      releasers.push(async () => {
        order.push(`${name} begins`);
        await setImmediate();
        order.push(`${name} ends`);
      });
    }
    await releasers.releaseAll();
    expect(order).toEqual(['c begins', 'c ends', 'b begins', 'b ends', 'a begins', 'a ends']);
  });

  test('all run when some fail, and the first failure is thrown', async () => {
    const releasers = new Releasers();
    const ran: string[] = [];
    releasers.push(() => void ran.push('a'));
    releasers.push(() => {
      throw new Error('second');
    });
    releasers.push(async () => {
      throw new Error('first');
    });
    await expect(releasers.releaseAll()).rejects.toThrow('first');
    expect(ran).toEqual(['a']);
  });

  test('run once, also when they are asked for twice', async () => {
    const releasers = new Releasers();
    let runs = 0;
    releasers.push(async () => {
      runs += 1;
      await setImmediate();
    });
    await Promise.all([releasers.releaseAll(), releasers.releaseAll()]);
    await releasers.releaseAll();
    expect(runs).toBe(1);
  });

  test('include one that is pushed meanwhile', async () => {
    const releasers = new Releasers();
    let isReleased = false;
    releasers.push(() =>
      releasers.push(() => {
        isReleased = true;
      }),
    );
    await releasers.releaseAll();
    expect(isReleased).toBe(true);
  });
});
