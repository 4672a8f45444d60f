import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  makeCertificates,
  startTestRedis,
  type TempFolder,
  type TestRedis,
  tempFolder,
} from '@conjob/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from './load-config.ts';
import { connectImpatient, connectPatient, disconnect, type RedisAccess } from './redis.ts';
import { expectWelcome } from './redis-refusal.ts';

let ours: TempFolder;
let foreign: TempFolder;
let old: TempFolder;
let server: TestRedis;
let expired: TestRedis;
const opened: ReturnType<typeof connectPatient>[] = [];
const pem = (folder: TempFolder, name: string) => readFileSync(join(folder.path, name), 'utf8');

beforeAll(async () => {
  [ours, foreign, old] = [tempFolder(), tempFolder(), tempFolder()];
  await Promise.all([
    makeCertificates(ours.path),
    makeCertificates(foreign.path),
    makeCertificates(old.path, { serverDays: -1 }),
  ]);
  const users = ['me on >pw ~* +@all', 'weak on >pw +ping'];
  server = await startTestRedis({ users, certificates: ours.path });
  expired = await startTestRedis({ certificates: old.path });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(disconnect));
});
afterAll(async () => {
  await Promise.all([server.stop(), expired.stop()]);
  for (const folder of [ours, foreign, old]) folder.remove();
});

/** `default` gets in without a password here, as Redis has it. */
const url = (login = 'me:pw@') => `rediss://${login}127.0.0.1:${server.tlsPort}`;
const ownTls = () => ({
  ca: pem(ours, 'ca.pem'),
  cert: pem(ours, 'cert.pem'),
  key: pem(ours, 'key.pem'),
});

function open(access: RedisAccess, connect: typeof connectPatient = connectPatient) {
  const redis = connect(access);
  redis.on('error', () => {});
  opened.push(redis);
  return redis;
}

describe.each([
  ['patient', connectPatient],
  ['impatient', connectImpatient],
])('a %s connection', (_, connect) => {
  test('is welcome with TLS, its certificate, and its password', async () => {
    const redis = open({ url: url(), tls: ownTls() }, connect);
    await expectWelcome(redis);
    await redis.set('key', 'over TLS');
    expect(await redis.get('key')).toBe('over TLS');
  });

  test.each<[string, () => RedisAccess, RegExp]>([
    ['a wrong password', () => ({ url: url('me:no@'), tls: ownTls() }), /not know this user/],
    ['an unknown user', () => ({ url: url('you:pw@'), tls: ownTls() }), /not know this user/],
    [
      'a password from a file that is wrong',
      () => ({ url: url('me@'), password: 'a/b c@%', tls: ownTls() }),
      /not know this user/,
    ],
    ['no authority that knows Redis', () => ({ url: url() }), /SELF_SIGNED_CERT_IN_CHAIN/],
    [
      'a wrong authority',
      () => ({ url: url(), tls: { ...ownTls(), ca: pem(foreign, 'ca.pem') } }),
      /no TLS that both sides take.*(SELF_SIGNED|UNABLE_TO|CERT_SIGNATURE)/,
    ],
    [
      'no certificate of its own',
      () => ({ url: url(), tls: { ca: pem(ours, 'ca.pem') } }),
      /no TLS that both sides take.*certificate required/i,
    ],
    [
      'a certificate of somebody else',
      () => ({
        url: url(),
        tls: {
          ca: pem(ours, 'ca.pem'),
          cert: pem(foreign, 'cert.pem'),
          key: pem(foreign, 'key.pem'),
        },
      }),
      /no TLS that both sides take/,
    ],
    [
      'a Redis whose certificate has expired',
      () => ({
        url: `rediss://127.0.0.1:${expired.tlsPort}`,
        tls: { ca: pem(old, 'ca.pem'), cert: pem(old, 'cert.pem'), key: pem(old, 'key.pem') },
      }),
      /certificate has expired \(CERT_HAS_EXPIRED\)/,
    ],
  ])('is not with %s, and says why', async (_what, access, why) => {
    const welcome = expectWelcome(open(access(), connect));
    await expect(welcome).rejects.toThrow(ConfigError);
    await expect(welcome).rejects.toThrow(/ {2}REDIS_URL: /);
    await expect(welcome).rejects.toThrow(why);
  });

  test('is awaited no longer while Redis is away: it may come', async () => {
    await expectWelcome(open({ url: `unix://${server.target}.none` }, connect));
  });
});

test('a password is sent exactly as its file has it', async () => {
  const password = ' p/w:@%41é"?#';
  const admin = open({ url: server.url });
  await admin.acl('SETUSER', 'odd', 'on', `>${password}`, '+@all');
  const redis = open({ url: url('odd@'), password, tls: ownTls() });
  await expectWelcome(redis);
  expect(await redis.acl('WHOAMI')).toBe('odd');
});
