/**
 * Runs `jobs` jobs, `clients` of them at a time: each client begins the next when it has its answer.
 * Returns the time it took in ms. The first failure ends it, once what is under way has ended.
 */
export async function closedLoop(
  { jobs, clients, signal }: { jobs: number; clients: number; signal: AbortSignal },
  runOne: () => Promise<unknown>,
): Promise<number> {
  let begun = 0;
  const failures: unknown[] = [];
  const client = async (): Promise<void> => {
    while (begun < jobs && failures.length === 0 && !signal.aborted) {
      begun += 1;
      await runOne().catch((error: unknown) => failures.push(error));
    }
  };
  const start = performance.now();
  await Promise.all(Array.from({ length: clients }, client));
  signal.throwIfAborted();
  if (failures.length > 0) throw failures[0];
  return performance.now() - start;
}
