import type { Reporter, SerializedError, TestModule } from 'vitest/node';

/** Closes the run with one plain line: "N passed, N failed, N skipped". */
export default class Summary implements Reporter {
  onTestRunEnd(modules: ReadonlyArray<TestModule>, errors: ReadonlyArray<SerializedError>): void {
    const count = { passed: 0, failed: errors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) count[test.result().state]++;
      for (const suite of [module, ...module.children.allSuites()]) {
        count.failed += suite.errors().length; // of hooks, and of loading the file
      }
    }
    // A test still pending at the end was cut off: whatever stopped the run is no success.
    const failed = count.failed + count.pending;
    process.on('exit', () => {
      console.log(`${count.passed} passed, ${failed} failed, ${count.skipped} skipped`);
    });
  }
}
