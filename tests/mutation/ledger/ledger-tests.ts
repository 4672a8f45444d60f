import { join } from 'node:path';
import { BaseSequencer, createVitest, type TestSpecification } from 'vitest/node';
import type { LuaMutant } from './lua-mutants.ts';

const ROOT = join(import.meta.dirname, '../../..');
/** A change may make a script run for ever: then Redis answers nobody. Long enough for the slowest test, or that would seem to notice all. */
const PATIENCE_MS = 30_000;

/** The ledger's own tests, again and again in one process. */
export interface LedgerTests {
  /** The test that notices the change; null when none does. Null as a change: the scripts as they are. */
  noticing(mutant: LuaMutant | null): Promise<string | null>;
  close(): Promise<void>;
}

export async function openLedgerTests(): Promise<LedgerTests> {
  /** What notices most in its time goes first, so that most changes need one quick file only. */
  const noticed = new Map<string, number>();
  const tookMs = new Map<string, number>();
  const worth = ({ moduleId }: TestSpecification) =>
    ((noticed.get(moduleId) ?? 0) + 1) / (tookMs.get(moduleId) ?? 1);
  class MostFirst extends BaseSequencer {
    override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
      return files.toSorted((a, b) => worth(b) - worth(a));
    }
  }
  const vitest = await createVitest({
    root: ROOT,
    config: false,
    watch: false,
    include: ['packages/shared/src/ledger/*.test.ts'],
    setupFiles: [join(import.meta.dirname, 'mutated-scripts.setup.ts')],
    reporters: [{}],
    bail: 1,
    isolate: false,
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: PATIENCE_MS,
    hookTimeout: 2 * PATIENCE_MS,
    sequence: { sequencer: MostFirst },
  });
  await vitest.standalone();
  const files = await vitest.globTestSpecifications();
  return {
    async noticing(mutant) {
      vitest.provide('luaMutant', mutant);
      const { testModules, unhandledErrors } = await vitest.runTestSpecifications(files);
      if (mutant === null) {
        for (const module of testModules) tookMs.set(module.moduleId, module.diagnostic().duration);
      }
      const failed = testModules.find((module) => module.state() === 'failed');
      if (failed === undefined) return unhandledErrors.length > 0 ? 'an unhandled error' : null;
      noticed.set(failed.moduleId, (noticed.get(failed.moduleId) ?? 0) + 1);
      const [test] = failed.children.allTests('failed');
      const [error] = test?.result().errors ?? failed.errors();
      const why = error?.message.split('\n', 1)[0] ?? '';
      return `${failed.relativeModuleId}: ${test?.fullName ?? 'a hook'}: ${why}`;
    },
    close: () => vitest.close(),
  };
}
