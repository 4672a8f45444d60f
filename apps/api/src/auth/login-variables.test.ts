import { ConfigError } from '@conjob/shared';
import { describe, expect, test } from 'vitest';
import { loadApiConfig } from '../config.ts';
import { isLogin } from './basic-login.ts';

const API = { AUTH_USERNAME: 'caller', AUTH_PASSWORD: 'hush' };
const ADMIN = { ADMIN_USERNAME: 'operator', ADMIN_PASSWORD: 'hush' };

test('each port has a login of its own, and neither keeps its password', () => {
  const { logins } = loadApiConfig({ ...API, ...ADMIN });
  expect(logins).toMatchObject({ api: { username: 'caller' }, admin: { username: 'operator' } });
  expect(JSON.stringify(logins)).not.toContain('hush');
  expect(loadApiConfig(API).logins.admin).toBeNull();
});

describe('it does not start with a login that', () => {
  test.each<[string, Record<string, string>, RegExp]>([
    [
      'lacks its password',
      { AUTH_USERNAME: 'a' },
      /AUTH_PASSWORD: Must be set as well, since AUTH_USERNAME is\./,
    ],
    [
      'lacks its name',
      { AUTH_PASSWORD: 'a' },
      /AUTH_USERNAME: Must be set as well, since AUTH_PASSWORD is\./,
    ],
    [
      'lacks half of that for the admin port',
      { ADMIN_USERNAME: 'a' },
      /ADMIN_PASSWORD: Must be set as well/,
    ],
    [
      'has half of each',
      { AUTH_USERNAME: 'a', ADMIN_PASSWORD: 'b' },
      /AUTH_PASSWORD: Must.*\n {2}ADMIN_USERNAME: Must/,
    ],
    ['has an empty password', { ...API, AUTH_PASSWORD: '' }, /AUTH_PASSWORD: Must not be empty/],
    ['has an empty name', { ...ADMIN, ADMIN_USERNAME: '' }, /ADMIN_USERNAME: Must not be empty/],
    [
      'is empty',
      { AUTH_USERNAME: '', AUTH_PASSWORD: '' },
      /AUTH_USERNAME: Must not be empty.*\n {2}AUTH_PASSWORD: Must not be empty/,
    ],
    [
      'has a colon in its name',
      { ...API, AUTH_USERNAME: 'a:b' },
      /AUTH_USERNAME: Must not contain a colon/,
    ],
    [
      'has a line break at its end',
      { ...API, AUTH_PASSWORD: 'hush\n' },
      /AUTH_PASSWORD: Must not contain control characters/,
    ],
    [
      'has a very long name',
      { ...API, AUTH_USERNAME: 'a'.repeat(1025) },
      /AUTH_USERNAME: Must have at most 1024 bytes/,
    ],
    [
      'has a very long password',
      { ...API, AUTH_PASSWORD: 'ü'.repeat(513) },
      /AUTH_PASSWORD: Must have at most 1024 bytes/,
    ],
  ])('%s', (_what, env, message) => {
    expect(() => loadApiConfig(env)).toThrow(ConfigError);
    expect(() => loadApiConfig(env)).toThrow(message);
    expect(() => loadApiConfig(env)).not.toThrow(/hush|ü|aaa/);
  });
});

test('a login may be as long as that, and hold any character', () => {
  const AUTH_PASSWORD = `${':ü "\'\\€'.repeat(80)}`;
  const { api } = loadApiConfig({ AUTH_USERNAME: 'ü'.repeat(512), AUTH_PASSWORD }).logins;
  expect(api && isLogin(api, Buffer.from(`${'ü'.repeat(512)}:${AUTH_PASSWORD}`))).toBe(true);
});

describe('without a login, it starts only where no other machine reaches it:', () => {
  test.each<[Record<string, string>]>([
    [{}],
    [{ HOST: '127.0.0.2' }],
    [{ HOST: '::1' }],
    [{ HOST: 'localhost' }],
    [{ HOST: '0.0.0.0', PUBLISHED_AT: '127.0.0.1:8080', ADMIN_PUBLISHED_AT: '[::1]:8081' }],
    [{ HOST: '0.0.0.0', ...API, ...ADMIN }],
    [{ HOST: '0.0.0.0', ...API, ADMIN_PUBLISHED_AT: '127.0.0.1:8081' }],
    [{ HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'true' }],
  ])('%j', (env) => {
    expect(loadApiConfig(env)).toMatchObject({ port: 8080 });
  });

  const OPEN =
    /AUTH_USERNAME: Must be set, with AUTH_PASSWORD: other machines reach the API at (\S+)\. ALLOW_UNAUTHENTICATED=true/;
  const ADMIN_OPEN =
    /ADMIN_USERNAME: Must be set, with ADMIN_PASSWORD: other machines reach the admin port/;
  test.each<[Record<string, string>, RegExp]>([
    [{ HOST: '0.0.0.0' }, OPEN],
    [{ HOST: '0.0.0.0' }, ADMIN_OPEN],
    [{ HOST: '::' }, OPEN],
    [{ HOST: '10.1.2.3' }, OPEN],
    [{ HOST: 'conjob.example' }, OPEN],
    [{ HOST: 'localhost.evil.example' }, OPEN],
    [{ HOST: '::ffff:10.1.2.3' }, OPEN],
    [{ HOST: '0.0.0.0', ...API }, ADMIN_OPEN],
    [{ HOST: '0.0.0.0', ...ADMIN }, OPEN],
    [{ HOST: '0.0.0.0', ALLOW_UNAUTHENTICATED: 'false' }, OPEN],
    [{ HOST: '0.0.0.0', PUBLISHED_AT: '0.0.0.0:8080', ADMIN_PUBLISHED_AT: '127.0.0.1:8081' }, OPEN],
    [{ HOST: '0.0.0.0', PUBLISHED_AT: '8080', ADMIN_PUBLISHED_AT: '127.0.0.1:8081' }, OPEN],
    [{ HOST: '0.0.0.0', PUBLISHED_AT: '127.0.0.1:8080', ADMIN_PUBLISHED_AT: '8081' }, ADMIN_OPEN],
    [{ PUBLISHED_AT: '192.0.2.1:8080' }, OPEN],
    [
      { ALLOW_UNAUTHENTICATED: 'yes', HOST: '0.0.0.0' },
      /ALLOW_UNAUTHENTICATED: Must be one of true, false\./,
    ],
  ])('not %j', (env, message) => {
    expect(() => loadApiConfig(env)).toThrow(message);
  });
});
