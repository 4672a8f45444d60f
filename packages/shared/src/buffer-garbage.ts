import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const MIB = 1024 * 1024;
/** So much output passes through from one look to the next. */
const LOOK_AFTER_BYTES = 8 * MIB;
/** So much more than there was at least since the last whole collection may be left. */
const LEFT_BYTES = 24 * MIB;

type Collect = (options: { type: 'minor' | 'major' }) => void;

let collect: Collect | undefined;
let passedBytes = 0;
let leastBytes = 0;

/**
 * To be told of all output that passes through; there is one heap per process. A buffer is a small object with much
 * memory behind it: of 100 MiB the young generation hardly grows, so V8 would let the dead ones wait until they are
 * dozens of megabytes. Collecting the young ones in time takes about a millisecond; now and then something dead that
 * has grown old keeps all that came after it, which only a whole collection finds.
 */
export function notePassedOutput(bytes: number): void {
  passedBytes += bytes;
  if (passedBytes < LOOK_AFTER_BYTES) return;
  passedBytes = 0;
  collect ??= exposeCollect();
  const held = heldBytes();
  leastBytes = Math.min(leastBytes, held);
  const isMuchLeft = held > leastBytes + LEFT_BYTES;
  collect({ type: isMuchLeft ? 'major' : 'minor' });
  if (isMuchLeft) leastBytes = heldBytes();
}

function heldBytes(): number {
  return process.memoryUsage().arrayBuffers;
}

/** V8 gives it to contexts that are made after the flag was set. */
function exposeCollect(): Collect {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as Collect;
}
