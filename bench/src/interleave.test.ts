import { expect, test } from 'vitest';
import { interleave } from './interleave.ts';

test('each round begins with the next way, every other time around backwards', async () => {
  const order: string[] = [];
  const way = (name: string) => async (round: number) => {
    order.push(name);
    return round;
  };
  const rounds = [0, 1, 2, 3, 4, 5];
  const { signal } = new AbortController();
  const results = await interleave(6, { a: way('a'), b: way('b'), c: way('c') }, signal);
  expect(order.join('')).toBe('abcbcacabacbbaccba');
  expect(results).toEqual({ a: rounds, b: rounds, c: rounds });
});

test('nothing is begun after the signal', async () => {
  const controller = new AbortController();
  let runs = 0;
  const a = async () => {
    runs += 1;
    controller.abort(new Error('enough'));
  };
  await expect(interleave(5, { a }, controller.signal)).rejects.toThrow('enough');
  expect(runs).toBe(1);
});
