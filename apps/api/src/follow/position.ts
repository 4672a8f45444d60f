/** Whether an entry of a stream (`<milliseconds>-<number>`) comes after another one. */
export function isAfter(position: string, other: string): boolean {
  const [ms, number] = parts(position);
  const [otherMs, otherNumber] = parts(other);
  return ms === otherMs ? number > otherNumber : ms > otherMs;
}

function parts(position: string): [number, number] {
  const dash = position.indexOf('-');
  return [Number(position.slice(0, dash)), Number(position.slice(dash + 1))];
}
