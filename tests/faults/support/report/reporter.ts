import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { resolve } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';
import { keepResult, keptResults } from './results-folder.ts';
import type { RowResult } from './row-result.ts';
import { markdownTable } from './table.ts';

const PAGE = resolve(import.meta.dirname, '../../../../docs/reliability.md');
const BEGIN = '<!-- faults:begin -->';
const END = '<!-- faults:end -->';

/**
 * Prints what the fault rows of a run showed, as a table. With `FAULTS_WRITE=1` the results of all
 * runs that are kept go into docs/reliability.md, between its markers.
 */
export default class FaultReporter implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>): void {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test): readonly RowResult[] => {
        const { faultRow } = test.meta();
        return faultRow === undefined ? [] : [faultRow];
      }),
    );
    if (results.length === 0) return;
    for (const result of results) keepResult(result);
    console.log(`\n${markdownTable(results)}`);
    if (process.env['FAULTS_WRITE'] === '1') writeFileSync(PAGE, withTable(keptResults()));
  }
}

function withTable(results: readonly RowResult[]): string {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(BEGIN);
  const until = page.indexOf(END);
  if (from < 0 || until < from) throw new Error(`${PAGE} lacks ${BEGIN} … ${END}`);
  const head = page.slice(0, from + BEGIN.length);
  return `${head}\n${machine()}\n\n${markdownTable(results)}${page.slice(until)}`;
}

function machine(): string {
  const cores = cpus();
  return `${cores.length} × ${cores[0]?.model.trim()}, Linux ${release()}, Node ${process.versions.node}.`;
}
