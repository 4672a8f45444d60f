import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, loadConfig } from './load-config.ts';

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
