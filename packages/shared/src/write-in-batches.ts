import type { Duplex } from 'node:stream';

/** What is not answered by then, a blocking read say, holds up nothing any longer. */
const HELD_MS = 5;

/**
 * Sends what is written in batches: the next one when the last one is being answered, with all that was written
 * meanwhile, and with what the answer led to. With nothing under way it goes out at the end of the turn of the event
 * loop. A Redis that writes each change to the disk does so once for all that it finds when it looks: it would begin
 * with whatever came first, and let the rest wait for the next time. And with many jobs at a time, a system call for
 * each command costs as much as the command itself, here and in Redis.
 */
export function writeInBatches(stream: Duplex, heldMs = HELD_MS): void {
  const write = stream.write.bind(stream);
  let isHeld = false;
  let isUnanswered = false;
  let patience: NodeJS.Timeout | undefined;
  const send = (): void => {
    if (!isHeld || isUnanswered) return;
    isHeld = false;
    isUnanswered = true;
    stream.uncork();
  };
  const answered = (): void => {
    isUnanswered = false;
    send();
  };
  const giveUp = (): void => {
    if (isHeld) answered();
  };
  stream.on('data', () => {
    if (isUnanswered) setImmediate(answered);
  });
  stream.on('close', () => clearTimeout(patience));
  stream.write = ((...args: Parameters<typeof write>) => {
    if (!isHeld) {
      isHeld = true;
      stream.cork();
      setImmediate(send);
      // Only now: a process that has nothing else to do would wake up for each batch that was answered long ago.
      if (isUnanswered) patience = patience?.refresh() ?? setTimeout(giveUp, heldMs).unref();
    }
    return write(...args);
  }) as typeof write;
}
