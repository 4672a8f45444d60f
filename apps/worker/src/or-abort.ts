/** The answer, unless `signal` aborts first: then its reason is thrown. For what can't be aborted. */
export async function orAbort<T>(signal: AbortSignal, answer: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Whoever gave up does not want to hear of it.
    answer.catch(() => {});
  }
}
