import { expect, test } from 'vitest';
import { ensureBinaries } from './ensure-binaries.ts';

test('returns where the programs are, and says nothing when all are there', async () => {
  await ensureBinaries(['redis-server', 'busybox']);
  const said: string[] = [];
  const found = await ensureBinaries(['redis-server', 'busybox'], { say: (l) => said.push(l) });
  expect(found).toEqual({
    'redis-server': expect.stringMatching(/^\/.*\/redis-server$/),
    busybox: expect.stringMatching(/^\/.*\/busybox$/),
  });
  expect(said).toEqual([]);
});
