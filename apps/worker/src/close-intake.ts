import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';

/** After so long without Redis, a worker that shuts down gives up recording what runs. */
const PATIENCE_MS = 5_000;
const LOOK_MS = 250;

/**
 * Waits until nothing is taken any more, and what was taken or adopted has ended. Without Redis that would be for ever:
 * then it gives up, and leaves the jobs to the next process of this worker, which adopts them.
 */
export async function closeIntake(
  sources: readonly { close(): Promise<void> }[],
  redis: Pick<Redis, 'status'>,
): Promise<void> {
  const done = new AbortController();
  const closed = Promise.all(sources.map((source) => source.close()));
  try {
    await Promise.race([closed, untilAway(redis, done.signal)]);
  } finally {
    done.abort();
  }
}

async function untilAway(redis: Pick<Redis, 'status'>, signal: AbortSignal): Promise<void> {
  for (let awayMs = 0; awayMs < PATIENCE_MS; ) {
    try {
      await sleep(LOOK_MS, undefined, { signal });
    } catch {
      return;
    }
    awayMs = redis.status === 'ready' ? 0 : awayMs + LOOK_MS;
  }
}
