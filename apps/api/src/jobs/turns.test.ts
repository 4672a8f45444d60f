import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const one = (group: string, name: string) => ({ group, name });

/** All of them, each when it is its turn. */
function takeAll(turns: Turns<{ group: string; name: string }>): string[] {
  const names: string[] = [];
  for (let next = turns.next; next !== undefined; next = turns.next) {
    turns.take(next);
    names.push(next.name);
  }
  return names;
}

test('groups take turns, in the order in which they came, and so do those of a group', () => {
  const turns = new Turns<{ group: string; name: string }>();
  for (const name of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) turns.add(one(name.slice(0, 1), name));
  expect(turns.size).toBe(6);
  expect(turns.firstOf('c')).toMatchObject({ name: 'c1' });
  expect(takeAll(turns)).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3']);
  expect(turns.size).toBe(0);
  expect(turns.firstOf('c')).toBeUndefined();
});

test('a group that had left comes after those who are there', () => {
  const turns = new Turns<{ group: string; name: string }>();
  const a1 = one('a', 'a1');
  turns.add(a1);
  turns.add(one('b', 'b1'));
  turns.take(a1);
  turns.add(one('a', 'a2'));
  expect(takeAll(turns)).toEqual(['b1', 'a2']);
});

test('who leaves without a turn costs its group no turn, and can leave but once', () => {
  const turns = new Turns<{ group: string; name: string }>();
  const a1 = one('a', 'a1');
  for (const each of [a1, one('a', 'a2'), one('b', 'b1')]) turns.add(each);
  expect(turns.delete(a1)).toBe(true);
  expect(turns.delete(a1)).toBe(false);
  expect(turns.size).toBe(2);
  expect(takeAll(turns)).toEqual(['a2', 'b1']);
});

test('when all leave, nobody is next', () => {
  const turns = new Turns<{ group: string; name: string }>();
  for (const name of ['a1', 'b1', 'a2']) turns.add(one(name.slice(0, 1), name));
  expect(turns.clear().map(({ name }) => name)).toEqual(['a1', 'a2', 'b1']);
  expect(turns).toMatchObject({ size: 0, next: undefined });
});
