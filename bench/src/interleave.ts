/** Measures one way to do it; the number tells one use from the next. */
export type Measure<T> = (number: number) => Promise<T>;

/**
 * Runs every way once in each round, each round beginning with the next one, and every other time
 * around backwards: A B C, B C A, C A B, A C B, B A C, C B A. So each comes as often after one as
 * after another, and all meet the same weather.
 */
export async function interleave<Way extends string, T>(
  rounds: number,
  ways: Readonly<Record<Way, Measure<T>>>,
  signal: AbortSignal,
): Promise<Record<Way, T[]>> {
  const names = Object.keys(ways) as Way[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Way, T[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of orderOf(names, round)) {
      signal.throwIfAborted();
      results[name].push(await ways[name](round));
    }
  }
  return results;
}

function orderOf<T>(items: readonly T[], round: number): T[] {
  const first = round % items.length;
  const [begin, ...rest] = [...items.slice(first), ...items.slice(0, first)];
  const backwards = Math.floor(round / items.length) % 2 === 1;
  return [begin as T, ...(backwards ? rest.reverse() : rest)];
}
