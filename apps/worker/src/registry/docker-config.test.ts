import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigError, createLogger, loadConfig } from '@conjob/shared';
import { tempFolder } from '@conjob/testkit';
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { workerConfigSchema } from '../config.ts';
import { readDockerConfig } from './docker-config.ts';
import { RegistryLogins } from './registry-logins.ts';

const folder = tempFolder();
afterAll(() => folder.remove());
const file = join(folder.path, 'config.json');
const write = (config: unknown) =>
  writeFileSync(file, typeof config === 'string' ? config : JSON.stringify(config));
const base64 = (text: string) => Buffer.from(text).toString('base64');
const login = (username: string, password: string, identityToken?: string) => ({
  username,
  password,
  identityToken,
});

describe('the config.json of a Docker client', () => {
  test.each([
    ['https://index.docker.io/v1/', 'docker.io'],
    ['docker.io', 'docker.io'],
    ['registry.example:5000', 'registry.example:5000'],
    ['https://Registry.Example/v2/', 'registry.example'],
  ])('has at %s the login for %s', (key, registry) => {
    write({ auths: { [key]: { auth: base64('me:a:secret+with/colons') } } });
    expect([...readDockerConfig(folder.path)]).toEqual([
      [registry, login('me', 'a:secret+with/colons')],
    ]);
  });

  test('may have a login in plain fields, or an identity token', () => {
    write({
      auths: {
        'a.example': { username: 'me', password: 'p' },
        'b.example': { auth: base64('me:'), identitytoken: 't' },
      },
    });
    expect([...readDockerConfig(folder.path).values()]).toEqual([
      login('me', 'p'),
      login('me', '', 't'),
    ]);
  });

  test.each([
    [{}],
    [{ auths: {}, credsStore: '', credHelpers: {}, HttpHeaders: { 'User-Agent': 'x' } }],
  ])('may have no login at all: %j', (config) => {
    write(config);
    expect(readDockerConfig(folder.path).size).toBe(0);
  });

  test.each([
    ['{"auths": {"a": {"auth": "SECRET', /is no JSON object/],
    ['[]', /is no JSON object/],
    [{ auths: [] }, /no object in "auths"/],
    [{ auths: { 'a.example': 'SECRET' } }, /no object for a\.example/],
    [{ auths: { 'a.example/team': { auth: base64('me:SECRET') } } }, /a\.example\/team alone/],
    [{ auths: { 'a.example': {} } }, /login for a\.example that can not be read/],
    [{ auths: { 'a.example': { auth: 'SECRET' } } }, /login for a\.example/],
    [{ auths: { 'a.example': { auth: base64(':SECRET') } } }, /login for a\.example/],
    [{ auths: { 'a.example': { auth: base64('me:') } } }, /login for a\.example/],
    [{ auths: { 'a.example': { username: 'me' } } }, /login for a\.example/],
    [{ credsStore: 'desktop' }, /helper program/],
    [{ auths: {}, credHelpers: { 'a.example': 'ecr-login' } }, /helper program/],
  ])('that can not be used is refused at start, without its secrets: %j', (config, message) => {
    write(config);
    const load = () => loadConfig(workerConfigSchema, { DOCKER_CONFIG: folder.path });
    expect(load).toThrow(ConfigError);
    expect(load).toThrow(message);
    expect(load).toThrow(/^(?!.*SECRET)/s);
  });

  test('that is not there is refused at start', () => {
    expect(() => loadConfig(workerConfigSchema, { DOCKER_CONFIG: '/nowhere' })).toThrow(
      /DOCKER_CONFIG: \/nowhere\/config\.json can not be read \(ENOENT\)/,
    );
  });
});

describe('DOCKER_USERNAME and DOCKER_PASSWORD', () => {
  const load = (env: object) => loadConfig(workerConfigSchema, { ...env }).registryLogins;

  test('are the login for the default registry', () => {
    const env = { DOCKER_USERNAME: 'me', DOCKER_PASSWORD: 'p:"\\ü' };
    expect(load(env).defaultLogin).toEqual({ username: 'me', password: 'p:"\\ü' });
    expect(load({}).defaultLogin).toBeUndefined();
  });

  test.each([
    [{ DOCKER_USERNAME: 'me' }, /DOCKER_PASSWORD: is needed/],
    [{ DOCKER_USERNAME: 'me', DOCKER_PASSWORD: '' }, /DOCKER_PASSWORD: is needed/],
    [{ DOCKER_PASSWORD: 'SECRET' }, /DOCKER_USERNAME: is needed/],
    [{ DOCKER_USERNAME: 'a:b', DOCKER_PASSWORD: 'SECRET' }, /DOCKER_USERNAME: .*colon/],
    [{ DOCKER_USERNAME: 'me', DOCKER_PASSWORD: 'SECRET\n' }, /DOCKER_PASSWORD: .*line break/],
    [{ DOCKER_USERNAME: 'me', DOCKER_PASSWORD: 'SECRET'.repeat(9999) }, /DOCKER_PASSWORD: .*most/],
  ])('are refused when they are half set or no login, and not shown: case %#', (env, message) => {
    expect(() => load(env)).toThrow(message);
    expect(() => load(env)).toThrow(/^(?!.*SECRET)/s);
  });
});

describe('the logins of a worker', () => {
  const lines: string[] = [];
  const logger = createLogger({
    name: 'worker',
    level: 'debug',
    destination: { write: (line) => void lines.push(line) },
  });
  const logins = (defaultLogin?: { username: string; password: string }) =>
    new RegistryLogins({ defaultLogin, configFolder: folder.path }, logger);

  beforeEach(() => {
    lines.length = 0;
    write({
      auths: { 'a.example': { auth: base64('me:p') }, 'docker.io': { auth: base64('x:y') } },
    });
  });

  test('go to their own registry and to no other', () => {
    expect(logins().of('a.example')).toMatchObject({ username: 'me', password: 'p' });
    for (const other of [
      'b.example',
      'a.example:5000',
      'x.a.example',
      'example',
      'a.example.com',
    ]) {
      expect(logins().of(other)).toBeUndefined();
    }
  });

  test('of the environment go before those of the file', () => {
    expect(logins().of('docker.io')?.username).toBe('x');
    const both = logins({ username: 'env', password: 'p' });
    expect(both.of('docker.io')?.username).toBe('env');
    expect(both.all().map(({ registry }) => registry)).toEqual(['docker.io', 'a.example']);
  });

  test('are read anew when the file changes, and kept while it can not be read', () => {
    const of = logins();
    expect(of.of('a.example')?.password).toBe('p');
    write({ auths: { 'a.example': { auth: base64('me:renewed') } } });
    expect(of.of('a.example')?.password).toBe('renewed');
    write('{"auths": {"a.example": {"auth": "SECRET');
    expect(of.of('a.example')?.password).toBe('renewed');
    expect(lines.join()).toContain('last known logins');
    expect(lines.join()).not.toContain('SECRET');
  });
});
