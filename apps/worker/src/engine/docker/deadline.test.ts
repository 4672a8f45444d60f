import { inspect } from 'node:util';
import { expect, test } from 'vitest';
import { withDeadline } from './deadline.ts';

test('a signal costs next to nothing to inspect, as the client does on each request', async () => {
  const shown = await withDeadline(1_000, 'other', async (signal) => {
    signal.addEventListener('abort', () => {});
    return inspect({ signal }, { showHidden: true, depth: null });
  });
  expect(shown).toBe('{ signal: AbortSignal }');
});
