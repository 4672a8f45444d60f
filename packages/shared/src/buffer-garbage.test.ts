import { expect, test } from 'vitest';
import { notePassedOutput } from './buffer-garbage.ts';

const MIB = 1024 * 1024;
const CHUNK_BYTES = 16 * 1024;
/** V8 by itself lets 75 MiB and more wait. */
const MOST_WAITING_BYTES = 64 * MIB;

/** Output in buffers of which each is linked from the one before: once one has grown old, all are kept. */
function passOn(totalBytes: number): number {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  let last: { data: Buffer; next?: object } = { data: Buffer.alloc(0) };
  for (let bytes = 0; bytes < totalBytes; bytes += CHUNK_BYTES) {
    const next = { data: Buffer.alloc(CHUNK_BYTES, 'x') };
    last.next = next;
    last = next;
    notePassedOutput(CHUNK_BYTES);
    if (bytes % MIB === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  return most;
}

test('of output that has passed, little waits to be collected', () => {
  expect(passOn(512 * MIB)).toBeLessThan(MOST_WAITING_BYTES);
});
