import { afterEach, beforeEach, describe } from 'vitest';
import { ContractContext, type EngineUnderTest } from './context.ts';
import { describeLifecycle } from './lifecycle-contract.ts';
import { describeOutput } from './output-contract.ts';
import { describeProcess } from './process-contract.ts';

/** What every engine keeps: one suite for all implementations. */
export function describeEngineContract(name: string, open: () => EngineUnderTest): void {
  describe(`${name} keeps the contract of an engine:`, () => {
    let context: ContractContext;
    beforeEach(() => {
      context = new ContractContext(open());
    });
    afterEach(() => context.clear());

    describeOutput(() => context);
    describeProcess(() => context);
    describeLifecycle(() => context);
  });
}
