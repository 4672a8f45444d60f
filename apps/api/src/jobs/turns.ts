interface InGroup {
  readonly group: string;
}

/** Those who wait, each of a group. Groups take turns; within one, who came first is the first. */
export class Turns<One extends InGroup> {
  /** First the group whose turn it is. None is empty. */
  readonly #lines = new Map<string, Set<One>>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** Whose turn it is. */
  get next(): One | undefined {
    const [line] = this.#lines.values();
    return firstIn(line);
  }

  firstOf(group: string): One | undefined {
    return firstIn(this.#lines.get(group));
  }

  /** A group of which nobody waited comes after all others. */
  add(one: One): void {
    const line = this.#lines.get(one.group) ?? new Set();
    this.#lines.set(one.group, line.add(one));
    this.#size += 1;
  }

  /** It leaves, and its group has had its turn. */
  take(one: One): void {
    const line = this.#delete(one);
    if (line === undefined || line.size === 0) return;
    this.#lines.delete(one.group);
    this.#lines.set(one.group, line);
  }

  /** It leaves without a turn. False when it has left before. */
  delete(one: One): boolean {
    return this.#delete(one) !== undefined;
  }

  /** All leave. */
  clear(): One[] {
    const all = [...this.#lines.values()].flatMap((line) => [...line]);
    this.#lines.clear();
    this.#size = 0;
    return all;
  }

  /** Where it was. */
  #delete(one: One): Set<One> | undefined {
    const line = this.#lines.get(one.group);
    if (!line?.delete(one)) return undefined;
    this.#size -= 1;
    if (line.size === 0) this.#lines.delete(one.group);
    return line;
  }
}

function firstIn<One>(line: Set<One> | undefined): One | undefined {
  const [first] = line ?? [];
  return first;
}
