/**
 * When requests come that know nothing of each other: so many per second on average, in ms from the start. The
 * same for the same seed.
 */
export function poissonArrivals(count: number, perSecond: number, seed: number): number[] {
  const random = randomFrom(seed);
  let at = 0;
  return Array.from({ length: count }, () => {
    at += (-Math.log(1 - random()) * 1000) / perSecond;
    return at;
  });
}

/** From 0 to less than 1: a linear congruential generator, good enough to spread arrivals. */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
