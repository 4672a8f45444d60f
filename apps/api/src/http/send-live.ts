import type { Response } from 'express';

/**
 * Sends bytes as they come, each at once, but no faster than the client reads: no more than `aheadBytes` and a chunk wait
 * for it. Returns what the source returned; undefined when the client left before, or was cut off. The answer is not ended.
 */
export async function sendLive<End>(
  res: Response,
  source: AsyncGenerator<Buffer, End>,
  aheadBytes = 0,
): Promise<End | undefined> {
  try {
    for (;;) {
      const next = await source.next();
      if (next.done) return next.value;
      if (isOver(res)) return undefined;
      if (!res.write(next.value) && res.writableLength > aheadBytes) await drained(res);
    }
  } finally {
    await source.return(undefined as End);
  }
}

function isOver(res: Response): boolean {
  return res.destroyed || res.writableEnded;
}

/** Also when nobody will ever read it. */
async function drained(res: Response): Promise<void> {
  if (isOver(res)) return;
  const events = ['drain', 'finish', 'close'];
  await new Promise<void>((resolve) => {
    const done = () => {
      for (const event of events) res.off(event, done);
      resolve();
    };
    for (const event of events) res.on(event, done);
  });
}
