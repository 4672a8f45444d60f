import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig, wholeNumber } from './load-config.ts';

const schema = z.object({
  PORT: z.coerce.number().int('Must be a port.').default(8080),
  REDIS_URL: z.string('Is required.'),
  LEVEL: z.enum(['info', 'debug'], 'Must be info or debug.').default('info'),
});

describe('a configuration', () => {
  test('takes what is set, and defaults for the rest', () => {
    const env = { PORT: '1', REDIS_URL: 'redis://localhost', OTHER: 'x' };
    expect(loadConfig(schema, env)).toEqual({
      PORT: 1,
      REDIS_URL: 'redis://localhost',
      LEVEL: 'info',
    });
  });

  test('counts an empty variable as unset', () => {
    expect(loadConfig(schema, { PORT: '', LEVEL: '', REDIS_URL: 'x' }).PORT).toBe(8080);
    expect(() => loadConfig(schema, { REDIS_URL: '' })).toThrow('  REDIS_URL: Is required.');
  });

  test('names every bad variable at once', () => {
    const load = () => loadConfig(schema, { PORT: '1.5', LEVEL: 'loud' });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(
      [
        'These environment variables are wrong:',
        '  PORT: Must be a port.',
        '  REDIS_URL: Is required.',
        '  LEVEL: Must be info or debug.',
      ].join('\n'),
    );
  });

  test('can not be changed', () => {
    expect(Object.isFrozen(loadConfig(schema, { REDIS_URL: 'x' }))).toBe(true);
  });
});

describe('a whole number', () => {
  const numbers = z.object({ N: wholeNumber(3, 600).default(30) });

  test.each([
    [{}, 30],
    [{ N: '' }, 30],
    [{ N: '3' }, 3],
    [{ N: '0600' }, 600],
  ])('of %j is %i', (env, value) => {
    expect(loadConfig(numbers, env)).toEqual({ N: value });
  });

  test.each(['2', '601', '-3', '+3', '3.5', '1e2', '0x10', ' 5', '5 s', '99999999999999999'])(
    'is not %j',
    (text) => {
      const message = '  N: Must be a whole number from 3 to 600.';
      expect(() => loadConfig(numbers, { N: text })).toThrow(message);
    },
  );
});
