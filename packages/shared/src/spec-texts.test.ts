import { describe, expect, test } from 'vitest';
import { MAX_SECRET_ENV_BYTES, MAX_SECRET_VARIABLES } from './secrets/secret-env.ts';
import { testSchema } from './testing/test-schema.ts';

/** What is wrong, as a caller would read it. */
function complaints(secretEnv: unknown, more: object = {}): string[] {
  const { error } = testSchema.safeParse({ image: 'alpine', secretEnv, ...more });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')}: ${message}`);
}

const variables = (count: number) =>
  Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, '']));

describe('secretEnv', () => {
  test('takes as many variables, and bytes, as it may', () => {
    expect(complaints(variables(MAX_SECRET_VARIABLES))).toEqual([]);
    expect(complaints({ A: 'x'.repeat(MAX_SECRET_ENV_BYTES) })).toEqual([]);
  });

  test('takes no more, by bytes and not by characters', () => {
    expect(complaints(variables(MAX_SECRET_VARIABLES + 1))).toEqual([
      'secretEnv: At most 64 variables.',
    ]);
    const half = 'é'.repeat(MAX_SECRET_ENV_BYTES / 4);
    expect(complaints({ A: half, B: `${half}x` })).toEqual([
      expect.stringMatching(/^secretEnv: All values together have at most 65536 bytes\./),
    ]);
  });

  test('names no variable that env names as well', () => {
    expect(complaints({ A: 'x', B: 'y' }, { env: { B: 'z' } })).toEqual([
      'secretEnv.B: Is in env as well.',
    ]);
  });

  test.each([
    [{ CONJOB_X: 'hunter2' }, 'secretEnv.CONJOB_X'],
    [{ 'A=B': 'hunter2' }, 'secretEnv.A=B'],
    [{ A: 'hunter2\0' }, 'secretEnv.A'],
    [{ A: ['hunter2'] }, 'secretEnv.A'],
    ['hunter2', 'secretEnv'],
    [JSON.parse('{"__proto__":"hunter2"}'), 'secretEnv.__proto__'],
  ])('is refused like an environment, and no complaint shows a value: %j', (given, path) => {
    const [first = '', ...others] = complaints(given);
    expect([first.startsWith(`${path}: `), others]).toEqual([true, []]);
    expect(first).not.toContain('hunter2');
  });
});
