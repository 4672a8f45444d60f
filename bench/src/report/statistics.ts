export interface Summary {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly min: number;
  readonly max: number;
}

/** The value below which the share `q` (0 to 1) of the values lies, interpolated between two. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) throw new RangeError('there is no quantile of nothing');
  const sorted = values.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * q;
  const below = sorted[Math.floor(position)] as number;
  const above = sorted[Math.ceil(position)] as number;
  return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

export function summarize(values: readonly number[]): Summary {
  return {
    p50: median(values),
    p95: quantile(values, 0.95),
    p99: quantile(values, 0.99),
    min: quantile(values, 0),
    max: quantile(values, 1),
  };
}

/**
 * Combines what was measured in the same round. What disturbs a whole round, such as a busy
 * neighbour, then cancels out, where comparing two medians would keep it.
 */
function paired(
  a: readonly number[],
  b: readonly number[],
  combine: (a: number, b: number) => number,
): number[] {
  if (a.length !== b.length) throw new RangeError('pairs need as many values on both sides');
  return a.map((value, index) => combine(value, b[index] as number));
}

export function differences(a: readonly number[], b: readonly number[]): number[] {
  return paired(a, b, (x, y) => x - y);
}

export function ratios(a: readonly number[], b: readonly number[]): number[] {
  return paired(a, b, (x, y) => x / y);
}
