/** One column of a table: its title, and what stands in it for one thing. */
export type Column<T> = readonly [title: string, cell: (thing: T) => string];

/** A Markdown table with one line for each thing. */
export function markdownTable<T>(columns: readonly Column<T>[], things: readonly T[]): string {
  const titles = columns.map(([title]) => title);
  const lines = things.map((thing) => columns.map(([, cell]) => cell(thing)));
  return [titles, titles.map(() => '---'), ...lines]
    .map((cells) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`)
    .join('');
}
