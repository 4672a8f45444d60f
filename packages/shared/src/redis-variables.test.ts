import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TempFolder, tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from './load-config.ts';
import { redisAccess, redisComplaints, redisVariables } from './redis-variables.ts';

const schema = z
  .object(redisVariables)
  .superRefine((env, context) => {
    for (const { variable, message } of redisComplaints(env)) {
      context.addIssue({ code: 'custom', path: [variable], message });
    }
  })
  .transform(redisAccess);
const load = (env: Readonly<Record<string, string>>) => loadConfig(schema, env);

let folder: TempFolder;
let file: (name: string) => string;
beforeAll(() => {
  folder = tempFolder();
  file = (name) => join(folder.path, name);
  for (const name of ['password', 'ca', 'cert', 'key']) writeFileSync(file(name), `${name}\n`);
  writeFileSync(file('empty'), '\n');
});
afterAll(() => folder.remove());

describe('a Redis that only this machine reaches', () => {
  test.each([
    'redis://127.0.0.1:6379',
    'redis://127.9.9.9',
    'redis://[::1]:6379/1',
    'redis://LOCALHOST',
    'rediss://localhost',
    'unix:///run/redis.sock',
  ])('is taken as it is: %s', (url) => {
    expect(load({ REDIS_URL: url })).toEqual({ url });
  });
});

describe('a Redis that other machines reach', () => {
  test.each([
    'redis://redis:6379',
    'redis://:pw@redis:6379',
    'rediss://redis:6379',
    'rediss://user@redis:6379',
    'redis://user:pw@10.0.0.5',
    'redis://[fd00::1]',
    'redis://127.0.0.1.example.com',
    'redis://0.0.0.0',
    'redis://localhost.example.com',
    'redis:///0?host=elsewhere',
  ])('is refused without TLS and a password: %s', (url) => {
    expect(() => load({ REDIS_URL: url })).toThrow(/ {2}REDIS_URL: Must be rediss:/);
    expect(load({ REDIS_URL: url, ALLOW_INSECURE_REDIS: 'true' }).url).toBe(url);
  });

  test('is taken with both, wherever the password stands', () => {
    expect(load({ REDIS_URL: 'rediss://me:pw@redis' }).url).toBe('rediss://me:pw@redis');
    const access = load({ REDIS_URL: 'rediss://me@redis', REDIS_PASSWORD_FILE: file('password') });
    expect(access).toEqual({ url: 'rediss://me@redis', password: 'password' });
  });

  test('is refused with a password file that is empty', () => {
    const env = { REDIS_URL: 'rediss://me@redis', REDIS_PASSWORD_FILE: file('empty') };
    expect(() => load(env)).toThrow('REDIS_PASSWORD_FILE: Must not be empty.');
  });
});

test('has certificates from files', () => {
  const env = {
    REDIS_URL: 'rediss://127.0.0.1',
    REDIS_TLS_CA_FILE: file('ca'),
    REDIS_TLS_CERT_FILE: file('cert'),
    REDIS_TLS_KEY_FILE: file('key'),
  };
  expect(load(env).tls).toEqual({ ca: 'ca\n', cert: 'cert\n', key: 'key\n' });
});

test.each<[Record<string, string>, RegExp]>([
  [{ REDIS_URL: 'localhost:6379' }, /REDIS_URL: Must start with/],
  [{ REDIS_URL: 'redis://h:port' }, /REDIS_URL: Must be a valid URL/],
  [
    { REDIS_PASSWORD_FILE: '/nowhere' },
    /REDIS_PASSWORD_FILE: Must be a file that can be read: ENOENT/,
  ],
  [{ REDIS_TLS_CA_FILE: '/etc/hostname' }, /REDIS_TLS_CA_FILE: Only goes with/],
  [
    { REDIS_URL: 'rediss://localhost', REDIS_TLS_CERT_FILE: '/etc/hostname' },
    /REDIS_TLS_KEY_FILE: Must be set as well, since REDIS_TLS_CERT_FILE is/,
  ],
  [
    { REDIS_URL: 'redis://:pw@localhost', REDIS_PASSWORD_FILE: '/etc/hostname' },
    /REDIS_PASSWORD_FILE: Must not be set: REDIS_URL has a password/,
  ],
  [{ ALLOW_INSECURE_REDIS: 'yes' }, /ALLOW_INSECURE_REDIS: Must be true or false/],
])('what is wrong is said by name: %j', (env, message) => {
  expect(() => load(env)).toThrow(message);
});
