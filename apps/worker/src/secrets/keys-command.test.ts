import { rmSync, statSync } from 'node:fs';
import { keyFiles, readApiKeys, readWorkerKeys } from '@conjob/shared';
import { tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { openLedger, type TestLedger } from '../testing/test-redis.ts';
import { openSecrets, type TestSecrets } from '../testing/test-secrets.ts';
import { keysCommand } from './keys-command.ts';

let ledger: TestLedger;
let secrets: TestSecrets;
beforeAll(async () => {
  ledger = await openLedger();
});
afterAll(() => ledger.close());
beforeEach(async () => {
  await ledger.redis.flushall();
  secrets = await openSecrets(ledger.redis);
  return () => secrets.close();
});

async function keys(...args: string[]) {
  const lines: string[] = [];
  const env = { SECRET_KEYS_DIR: secrets.keysFolder, REDIS_URL: ledger.server.url };
  const code = await keysCommand(args, env, (line) => void lines.push(line));
  return { code, text: lines.join('\n') };
}
const contentOf = async (image: string) => String((await secrets.reader().read(image))?.content);
const firstKey = async () => (await readWorkerKeys(secrets.keysFolder)).opening[0]?.id ?? '';

test('a key of workers is replaced without losing a secret', async () => {
  await secrets.set('acme/one', 'first');
  const old = await firstKey();
  const added = await keys('add');
  expect(added.code).toBe(0);
  const next = await firstKey();
  expect(next).not.toBe(old);
  await secrets.set('acme/two', 'second');
  expect((await keys('list')).text).toContain(
    `worker  ${next}  opens 1 of 2 secrets, is sealed to`,
  );
  // The first secret has only the old key yet.
  const early = await keys('retire', old);
  expect(early).toMatchObject({ code: 1 });
  expect(early.text).toContain(`Only ${old} opens the secrets of: docker.io/acme/one:latest`);
  expect((await keys('reseal')).text).toBe('1 secrets resealed, 1 were already, 0 unreadable');
  expect(await keys('retire', old)).toMatchObject({ code: 0 });
  expect((await readApiKeys(secrets.keysFolder)).recipients.map(({ id }) => id)).toEqual([next]);
  expect((await readWorkerKeys(secrets.keysFolder)).opening.map(({ id }) => id)).toEqual([next]);
  expect([await contentOf('acme/one'), await contentOf('acme/two')]).toEqual(['first', 'second']);
  // Nothing is sealed to the retired key any more.
  expect((await keys('reseal')).text).toBe('2 secrets resealed, 0 were already, 0 unreadable');
  const { dataKeys } = (await secrets.secrets.find('docker.io/acme/two:latest')) ?? {};
  expect(Object.keys(dataKeys ?? {})).toEqual([next]);
});

test('the last key, and one that is not there, are not retired', async () => {
  expect((await keys('retire', await firstKey())).text).toContain('is the only key of workers');
  await keys('add');
  expect((await keys('retire', 'unknown')).text).toContain('There is no key unknown');
});

test('a secret that can not be opened is named, and stays as it is', async () => {
  await secrets.set('acme/one', 'first');
  const before = await secrets.secrets.find('docker.io/acme/one:latest');
  rmSync(keyFiles(secrets.keysFolder).opening);
  rmSync(keyFiles(secrets.keysFolder).recipients);
  expect((await keys('generate')).code).toBe(0);
  const { code, text } = await keys('reseal');
  expect([code, text]).toEqual([
    1,
    expect.stringContaining('docker.io/acme/one:latest: it is not sealed to any key'),
  ]);
  expect(await secrets.secrets.find('docker.io/acme/one:latest')).toEqual(before);
});

test('keys are made for the users that are named, also when they are there already', async () => {
  const { code } = await keys('generate', '--api-owner', '1000:1000', '--worker-owner', '7:8');
  expect(code).toBe(0);
  const files = keyFiles(secrets.keysFolder);
  const ownerOf = (path: string) => [statSync(path).uid, statSync(path).gid];
  expect([ownerOf(files.signing), ownerOf(files.opening)]).toEqual([
    [1000, 1000],
    [7, 8],
  ]);
  // What root adds belongs to the same.
  await keys('add');
  expect([ownerOf(files.recipients), ownerOf(files.opening)]).toEqual([
    [1000, 1000],
    [7, 8],
  ]);
});

test.each([[[]], [['turn']], [['retire']], [['add', 'x']], [['generate', '--api-owner', 'root']]])(
  '%j is answered with the usage',
  async (args) => {
    expect(await keys(...args)).toMatchObject({ code: 2, text: expect.stringContaining('Usage') });
  },
);

test('without a folder, with an empty one, or without Redis it says so', async () => {
  const say: string[] = [];
  expect(await keysCommand(['add'], {}, (line) => void say.push(line))).toBe(2);
  expect(say[0]).toContain('SECRET_KEYS_DIR is not set.');
  const empty = tempFolder();
  const env = { SECRET_KEYS_DIR: empty.path, REDIS_URL: ledger.server.url };
  expect(await keysCommand(['list'], env, (line) => void say.push(line))).toBe(1);
  expect(say[1]).toContain('is missing');
  const away = { SECRET_KEYS_DIR: empty.path, REDIS_URL: 'unix:///nowhere.sock' };
  expect(await keysCommand(['list'], away, (line) => void say.push(line))).toBe(1);
  empty.remove();
});
