import type { PullProgress } from '@conjob/shared';
import { until } from '@conjob/testkit';
import { expect, test } from 'vitest';
import { PullNotes } from './pull-notes.ts';

const at = (bytes: number): PullProgress => ({ layers: 1, layersDone: 0, bytes, totalBytes: 100 });

test('writes the latest of what it was told, and one at a time', async () => {
  const written: number[] = [];
  const first = Promise.withResolvers<void>();
  const notes = new PullNotes(async ({ bytes }) => {
    written.push(bytes);
    await first.promise;
  });
  for (let bytes = 1; bytes <= 10; bytes += 1) notes.note(at(bytes));
  await until(() => written.length === 1);
  for (let bytes = 11; bytes <= 20; bytes += 1) notes.note(at(bytes));
  expect(written).toEqual([10]);
  first.resolve();
  await until(() => written.length === 2);
  expect(written).toEqual([10, 20]);
  await notes.end();
});

test('writes nothing once it has ended', async () => {
  const written: number[] = [];
  const notes = new PullNotes(async ({ bytes }) => void written.push(bytes));
  notes.note(at(1));
  await notes.end();
  await new Promise((resolve) => setTimeout(resolve, 600));
  expect(written).toEqual([]);
});
