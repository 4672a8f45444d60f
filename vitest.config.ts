import { defineConfig } from 'vitest/config';
import { OTHER_ROWS } from './tests/faults/ci-rows.ts';

const services = 'packages/testkit/src/services.ts';
const canaryWatch = 'tests/support/canary-watch.ts';
const setupFiles = [
  'packages/testkit/src/expect-no-leaks.ts',
  'apps/api/src/testing/described-answers.ts',
];

export default defineConfig({
  test: {
    reporters: [
      'default',
      './tests/faults/support/report/reporter.ts',
      './tests/support/summary.ts',
    ],
    // Containers share two cores with everything else: what usually takes 0.3 s may take 3.
    testTimeout: 30_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            '{apps,packages,bench}/**/src/**/*.test.ts',
            'tests/{docs,mutation}/**/*.test.ts',
          ],
          globalSetup: services,
          setupFiles,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['tests/{e2e,compose,fuzz,model}/**/*.test.ts'],
          globalSetup: services,
          setupFiles: [...setupFiles, canaryWatch],
          testTimeout: 120_000,
          hookTimeout: 300_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['tests/faults/**/*.test.ts'],
          exclude: OTHER_ROWS,
          globalSetup: 'tests/faults/support/sweep.ts',
          setupFiles: [...setupFiles, canaryWatch],
          // After all others and one at a time: a fault is not to meet a busy machine.
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
    ],
  },
});
