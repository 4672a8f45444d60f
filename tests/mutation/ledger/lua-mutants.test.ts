import { describe, expect, test } from 'vitest';
import { ledgerScripts } from './ledger-scripts.ts';
import { mutantsOf, mutate } from './lua-mutants.ts';

const changesOf = (script: string) => mutantsOf(script).map(({ change }) => change);

describe('the changes of a script', () => {
  test('are of operators, numbers and truth, one at a time', () => {
    expect(changesOf('local a = b <= 1 and true')).toEqual([
      'local a = b < 1 and true',
      'local a = b <= 2 and true',
      'local a = b <= 1 or true',
      'local a = b <= 1 and false',
    ]);
  });

  test('turn a condition round that compares nothing', () => {
    expect(changesOf('if held then')).toContain('if not (held) then');
  });

  test('leave a statement out, with the line on which it goes on', () => {
    const script = ['a()', "redis.call('SET', k,", '  v)', 'b()'].join('\n');
    const left = mutantsOf(script).map((mutant) => mutate(script, mutant));
    expect(left).toContain('a()\nb()');
  });

  test('touch neither texts nor comments', () => {
    expect(changesOf("f('1 == 2') -- not 3")).toEqual(['dropped']);
  });

  test('all change the scripts of the ledger', () => {
    for (const script of ledgerScripts().values()) {
      const mutants = mutantsOf(script);
      expect(mutants).not.toEqual([]);
      for (const mutant of mutants) expect(mutate(script, mutant)).not.toBe(script);
    }
  });
});
