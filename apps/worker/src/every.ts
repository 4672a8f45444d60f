/**
 * Runs a task over and over: again `milliseconds` after it ended, never twice at once. Returns how to
 * end it, which waits for a run that is under way. Errors go to `onError`, and the next run comes.
 */
export function every(
  milliseconds: number,
  task: () => Promise<void>,
  onError: (error: unknown) => void,
): () => Promise<void> {
  let ended = false;
  let timer: NodeJS.Timeout | undefined;
  let underWay = Promise.resolve();
  const schedule = (): void => {
    if (ended) return;
    timer = setTimeout(() => {
      underWay = task().catch(onError).finally(schedule);
    }, milliseconds);
  };
  schedule();
  return async () => {
    ended = true;
    clearTimeout(timer);
    await underWay;
  };
}
