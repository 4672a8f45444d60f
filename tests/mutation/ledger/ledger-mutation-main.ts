import { parseArgs } from 'node:util';
import { seededRandom } from '../../../packages/shared/src/testing/random.ts';
import { findMutants } from './find-mutants.ts';
import { openLedgerTests } from './ledger-tests.ts';
import type { LuaMutant } from './lua-mutants.ts';

/** `pnpm mutation:ledger`: changes the ledger's scripts, one at a time, and lists what no test of it notices. */

const { values } = parseArgs({
  options: {
    mutants: { type: 'string', default: '100000' },
    seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
    line: { type: 'string', default: '' },
  },
});
const seed = Number(values.seed);
const random = seededRandom(seed);
const known = (await findMutants()).filter(({ line }) => line.includes(values.line));
const tried = known
  .map((mutant) => ({ mutant, place: random.below(2 ** 32) }))
  .sort((a, b) => a.place - b.place)
  .slice(0, Number(values.mutants))
  .map(({ mutant }) => mutant);
console.log(`seed ${seed}: ${tried.length} of ${known.length} changes`);

const tests = await openLedgerTests();
const unnoticed: LuaMutant[] = [];
try {
  const fault = await tests.noticing(null);
  if (fault !== null) throw new Error(`The tests fail without any change: ${fault}`);
  for (const [index, mutant] of tried.entries()) {
    const test = await tests.noticing(mutant);
    if (test === null) unnoticed.push(mutant);
    const said = test === null ? 'NOT NOTICED' : `noticed by ${test}`;
    console.log(`${index + 1}. ${mutant.line}  →  ${mutant.change}\n   ${said}`);
  }
} finally {
  await tests.close();
}
console.log(
  `\n${tried.length} changes, ${tried.length - unnoticed.length} noticed, seed ${seed}. Not noticed:`,
);
for (const { before, after } of unnoticed) console.log(`\n${before}\n  became\n${after}`);
