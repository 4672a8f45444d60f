import { expect, test } from 'vitest';
import { playHistories } from './play-histories.ts';

// The bounded form of `pnpm model`, with the seed of the run in docs/security.md.
test('whatever is asked for, in whatever order, is answered as the model says', async () => {
  expect(await playHistories({ histories: 25, seed: 25_112_026 })).toBeGreaterThan(250);
});
