import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { run } from '@conjob/provision';
import type { Reporter, TestModule } from 'vitest/node';
import { keepResult, keptResults } from './results-folder.ts';
import type { RowResult } from './row-result.ts';
import { figuresTable, markdownTable } from './table.ts';

const PAGE = resolve(import.meta.dirname, '../../../../docs/reliability.md');
const BEGIN = '<!-- faults:begin -->';
const END = '<!-- faults:end -->';

/**
 * Prints what the fault rows of a run showed, as a table. With `FAULTS_WRITE=1` the results of all
 * runs that are kept go into docs/reliability.md, between its markers.
 */
export default class FaultReporter implements Reporter {
  async onTestRunEnd(modules: ReadonlyArray<TestModule>): Promise<void> {
    const results = modules.flatMap((module) =>
      [...module.children.allTests()].flatMap((test): readonly RowResult[] => {
        const { faultRow } = test.meta();
        return faultRow === undefined ? [] : [faultRow];
      }),
    );
    if (results.length === 0) return;
    for (const result of results) keepResult(result);
    console.log(`\n${markdownTable(results)}\n${figuresTable(results)}`);
    if (process.env['FAULTS_WRITE'] === '1') {
      writeFileSync(PAGE, withTable(keptResults(), await machine()));
    }
  }
}

function withTable(results: readonly RowResult[], measuredOn: string): string {
  const page = readFileSync(PAGE, 'utf8');
  const from = page.indexOf(BEGIN);
  const until = page.indexOf(END);
  if (from < 0 || until < from) throw new Error(`${PAGE} lacks ${BEGIN} … ${END}`);
  const head = page.slice(0, from + BEGIN.length);
  return `${head}\n\nMeasured on: ${measuredOn}.\n\n${markdownTable(results)}\n${figuresTable(results)}\n${page.slice(until)}`;
}

async function machine(): Promise<string> {
  const [engine, redis] = await Promise.all([
    run('dockerd', ['--version']),
    run('redis-server', ['--version']),
  ]);
  return [
    new Date().toISOString().slice(0, 10),
    `${cpus()[0]?.model.trim() ?? 'unknown CPU'}, ${cpus().length} cores`,
    `Linux ${release()}`,
    `Docker ${/version (\S+),/.exec(engine)?.[1] ?? ''}`,
    `Redis ${/v=(\S+)/.exec(redis)?.[1] ?? ''}`,
    `Node ${process.versions.node}`,
  ].join(' · ');
}
