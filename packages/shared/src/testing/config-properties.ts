import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConfigError } from '../load-config.ts';

export interface KnownVariables {
  /** Reads the configuration; throws `ConfigError`. */
  readonly load: (env: Record<string, string>) => unknown;
  /** Each variable that is a whole number, with its least and most. */
  readonly wholeNumbers: Readonly<Record<string, readonly [least: number, most: number]>>;
  readonly others: readonly string[];
  /** Some that are right for one of the others, or nearly. */
  readonly texts: readonly string[];
  /** Whole numbers that are refused for what another variable is by default. */
  readonly takenNumbers?: readonly string[];
}

/** Tests of any configuration: whatever the environment says, an error tells which variables are wrong. */
export function testConfigProperties({
  load,
  wholeNumbers,
  others,
  texts,
  takenNumbers = [],
}: KnownVariables): void {
  const bounds = Object.values(wholeNumbers);
  const number = fc.oneof(
    fc.integer({ min: -2, max: 2_000_000 }).map(String),
    fc.bigInt().map(String),
    fc.double().map(String),
    fc.constantFrom('', ' 1', '1 ', '+1', '0x10', '1e3', '1_000', 'one', '007', 'NaN', 'Infinity'),
    fc
      .constantFrom(...bounds.flatMap(([least, most]) => [least - 1, least, most, most + 1]))
      .map(String),
  );
  const text = fc.oneof(
    number,
    fc.string({ unit: 'binary', maxLength: 30 }),
    fc.constantFrom(...texts),
  );

  /** The variables that are complained about; none when it was taken. */
  function complaints(env: Record<string, string>): string[] {
    try {
      load(env);
      return [];
    } catch (error) {
      expect(error).toBeInstanceOf(ConfigError);
      return (error as Error).message
        .split('\n  ')
        .slice(1)
        .map((line) => line.split(':', 1)[0] ?? '');
    }
  }

  test('any environment is taken, or refused by an error that names variables', () => {
    const unknown = ['__proto__', 'constructor', 'NOT_OURS'];
    const names = fc.constantFrom(...Object.keys(wholeNumbers), ...others, ...unknown);
    const env = fc.dictionary(names, text, { maxKeys: 8 });
    fc.assert(
      fc.property(env, (given) => {
        for (const name of complaints(given)) expect(name).toMatch(/^[A-Z_]+$/);
      }),
      { numRuns: 1000 },
    );
  });

  test.each(Object.entries(wholeNumbers))(
    '%s takes whole numbers from %j only',
    (name, [least, most]) => {
      fc.assert(
        fc.property(number, (value) => {
          fc.pre(!takenNumbers.includes(value));
          const isOne = /^\d{1,16}$/.test(value) && Number(value) >= least && Number(value) <= most;
          // Empty is as if it were not set.
          expect(complaints({ [name]: value })).toEqual(isOne || value === '' ? [] : [name]);
        }),
      );
    },
  );
}
