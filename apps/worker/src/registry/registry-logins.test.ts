import { createLogger } from '@conjob/shared';
import {
  pushImage,
  type RecordingRegistry,
  startRecordingRegistry,
  startTestRegistry,
  TEST_IMAGES,
  type TestRegistry,
} from '@conjob/testkit';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { connectDocker } from '../engine/docker/connect-docker.ts';
import { DockerEngine } from '../engine/docker/docker-engine.ts';
import { closeIdleConnections, sharedEngineAccess } from '../testing/services.ts';
import { checkLogins } from './check-logins.ts';
import type { RegistryLogin } from './registry-login.ts';

const access = sharedEngineAccess();
closeIdleConnections();
const logger = createLogger({ name: 'worker', level: 'silent' });
// Base64 of it has both characters that URLs write otherwise.
const login = { username: 'someone', password: 'sécret:?>~ÿ' };
const known = new Map<string, RegistryLogin>();
const engine = new DockerEngine(connectDocker({ socketPath: inject('engineSocket') }), {
  loginOf: (registry) => known.get(registry),
});
const signal = new AbortController().signal;
const pull = (reference: string) => engine.pull(reference, { platform: undefined, signal });

let locked: TestRegistry;
let image: { readonly reference: string; readonly digestReference: string };
let one: RecordingRegistry;
let other: RecordingRegistry;

beforeAll(async () => {
  [locked, one, other] = await Promise.all([
    startTestRegistry(access, { login }),
    startRecordingRegistry(access),
    startRecordingRegistry(access),
  ]);
  image = await pushImage(access, TEST_IMAGES.busybox.tag, locked, 'team/secret:1');
});

afterAll(async () => {
  await engine.removeImage(image.reference);
  await engine.removeImage(image.digestReference);
  await Promise.all([locked.stop(), one.stop(), other.stop()]);
});

const asKnown = (registry: string, password: string) => ({
  username: 'someone',
  password,
  identityToken: undefined,
  registry,
  source: 'TEST',
});
const know = (registry: string, password: string) => {
  known.clear();
  known.set(registry, asKnown(registry, password));
};

test('a registry gets its own login, and no other one does', async () => {
  known.set(one.host, asKnown(one.host, 'for-one'));
  known.set(other.host, asKnown(other.host, 'for-other'));
  for (const { host } of [one, other]) {
    await expect(pull(`${host}/team/tool:1`)).rejects.toMatchObject({ code: 'image.not_found' });
  }
  expect(one.logins()).toEqual(['someone:for-one']);
  expect(other.logins()).toEqual(['someone:for-other']);
  known.delete(other.host);
  await expect(pull(`${other.host}/team/tool:2`)).rejects.toMatchObject({
    code: 'image.unauthorized',
  });
  expect(other.logins()).toEqual(['someone:for-other']);
});

test('a private image comes with its login, by tag and by digest', async () => {
  know(locked.host, login.password);
  for (const reference of [image.reference, image.digestReference]) {
    await pull(reference);
    expect((await engine.findImage(reference))?.repoDigests).toContain(image.digestReference);
  }
});

test.each([
  ['a wrong login', 'wrong'],
  ['an empty one', ''],
])('with %s it is refused as unauthorized', async (_, password) => {
  know(locked.host, password);
  const refused = pull(image.reference);
  await expect(refused).rejects.toMatchObject({ code: 'image.unauthorized' });
});

test('what is wrong with logins at start is one error, which names them without their passwords', async () => {
  const check = (...logins: ReturnType<typeof asKnown>[]) => checkLogins(engine, logins, logger);
  await check(asKnown(locked.host, login.password), asKnown(one.host, 'any'));
  const wrong = asKnown(locked.host, 'SECRET');
  const refused = check(wrong, asKnown(locked.host, login.password), { ...wrong, source: 'FILE' });
  const line = (source: string) => `  ${source}: ${locked.host} refuses the login of someone.`;
  await expect(refused).rejects.toMatchObject({
    name: 'ConfigError',
    message: `These registry logins are wrong:\n${line('TEST')}\n${line('FILE')}`,
  });
});

test('a registry that can not be reached at start keeps no worker from starting', async () => {
  await checkLogins(engine, [asKnown('127.0.0.1:1', 'any')], logger);
});

test('a login that is taken back is refused from then on, also at the next pull', async () => {
  know(locked.host, login.password);
  await pull(image.reference);
  await locked.changePassword('another');
  await expect(pull(image.reference)).rejects.toMatchObject({ code: 'image.unauthorized' });
});
