import type { RowResult } from './row-result.ts';
import { brokenPromises, figuresTable, resultsTable, rowsTable, seedsTable } from './table.ts';

const BEGIN = '<!-- faults:begin -->';
const END = '<!-- faults:end -->';

/** Puts results into a page, between its markers, in place of those that stand there. */
export function withFaultResults(
  page: string,
  results: readonly RowResult[],
  measuredOn: string,
): string {
  const from = page.indexOf(BEGIN);
  const until = page.indexOf(END);
  if (from < 0 || until < from) throw new Error(`The page lacks ${BEGIN} … ${END}`);
  const head = page.slice(0, from + BEGIN.length);
  return `${head}\n\n${section(results, measuredOn)}\n${page.slice(until)}`;
}

function section(results: readonly RowResult[], measuredOn: string): string {
  const broken = brokenPromises(results);
  return [
    `Measured on: ${measuredOn}.\n`,
    'All rows together, by seed:\n',
    seedsTable(results),
    'Each row, with all seeds together:\n',
    rowsTable(results),
    broken === ''
      ? 'In its last run each row held with each seed.\n'
      : `What did not hold:\n\n${broken}`,
    'What else the rows measured; where seeds differ, each with its seed:\n',
    figuresTable(results),
    `<details><summary>Each row with each seed</summary>\n`,
    `${resultsTable(results)}\n</details>\n`,
  ].join('\n');
}
