import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, release } from 'node:os';
import { resolve } from 'node:path';
import { run } from '@conjob/provision';
import type { Reporter, TestModule } from 'vitest/node';
import { keepResult, keptResults } from './results-folder.ts';
import type { RowResult } from './row-result.ts';
import { withFaultResults } from './section.ts';
import { figuresTable, resultsTable } from './table.ts';

const PAGE = resolve(import.meta.dirname, '../../../../docs/reliability.md');

/**
 * Prints what the fault rows of a run showed, as a table, and keeps it as soon as it is there. With
 * `FAULTS_WRITE=1` the results of all runs that are kept go into docs/reliability.md.
 */
export default class FaultReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    for (const result of resultsOf(module)) keepResult(result);
  }

  async onTestRunEnd(modules: ReadonlyArray<TestModule>): Promise<void> {
    const results = modules.flatMap(resultsOf);
    if (results.length === 0) return;
    console.log(`\n${resultsTable(results)}\n${figuresTable(results)}`);
    if (process.env['FAULTS_WRITE'] !== '1') return;
    const page = readFileSync(PAGE, 'utf8');
    writeFileSync(PAGE, withFaultResults(page, keptResults(), await machine()));
  }
}

function resultsOf(module: TestModule): RowResult[] {
  return [...module.children.allTests()].flatMap((test) => {
    const { faultRow } = test.meta();
    return faultRow === undefined ? [] : [faultRow];
  });
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
