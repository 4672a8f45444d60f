import { chmodSync, rmSync } from 'node:fs';
import { generateKeys, keyFiles } from '@conjob/shared';
import { tempFolder } from '@conjob/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { openLedger, type TestLedger } from '../testing/test-redis.ts';
import { openSecrets, type TestSecrets } from '../testing/test-secrets.ts';
import { SecretError } from './secret-error.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const CONTENT = 'password=hunter2';

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

const contentFor = async (image: string) => {
  const found = await secrets.reader().read(image);
  return found && String(found.content);
};

describe('the secret of an image', () => {
  test.each(['acme/deploy', 'docker.io/acme/deploy:latest', `acme/deploy:latest@${DIGEST}`])(
    'is for a job of %s',
    async (image) => {
      const version = await secrets.set('acme/deploy', CONTENT);
      expect(await contentFor(image)).toBe(CONTENT);
      expect(await secrets.reader().read(image)).toMatchObject({ version });
    },
  );

  test.each([
    'acme/deploy:1',
    'acme-deploy/latest',
    'ghcr.io/acme/deploy',
    `acme/deploy:1@${DIGEST}`,
    // Of which tag this is, nobody can tell.
    `acme/deploy@${DIGEST}`,
  ])('is not for a job of %s', async (image) => {
    await secrets.set('acme/deploy', CONTENT);
    expect(await contentFor(image)).toBeNull();
  });
});

describe('a secret that can not be read', () => {
  const files = () => keyFiles(secrets.keysFolder);
  test.each([
    ['a key file that is missing', () => rmSync(files().opening), 'can not be used', 'is missing'],
    [
      'a key file that others can read',
      () => chmodSync(files().opening, 0o644),
      'can not be used',
      'has mode 644',
    ],
    ['no list of APIs', () => rmSync(files().signers), 'can not be used', 'is missing'],
    [
      'the key of somebody else',
      async () => {
        rmSync(files().opening);
        rmSync(files().recipients);
        await generateKeys(secrets.keysFolder);
      },
      'not sealed to any key that this worker has',
      'could not open',
    ],
    [
      'another API in its list',
      async () => {
        rmSync(files().signing);
        rmSync(files().signers);
        await generateKeys(secrets.keysFolder);
      },
      'no API that this worker trusts has signed it',
      'could not open',
    ],
  ])('with %s is an error, and stays', async (_what, spoil, message, logged) => {
    await secrets.set('acme/deploy', CONTENT);
    await spoil();
    const read = secrets.reader().read('acme/deploy');
    await expect(read).rejects.toThrow(SecretError);
    await expect(read).rejects.toThrow(message);
    // The path is for operators.
    await expect(read).rejects.not.toThrow(secrets.keysFolder);
    expect(secrets.logs.join()).toContain(logged);
    expect(secrets.logs.join()).not.toContain(CONTENT);
    expect(await secrets.secrets.find('docker.io/acme/deploy:latest')).not.toBeNull();
  });

  test('is none of the business of an image without one', async () => {
    rmSync(files().opening);
    expect(await contentFor('acme/deploy')).toBeNull();
  });

  test('without any keys is an error as well', async () => {
    await secrets.set('acme/deploy', CONTENT);
    const read = secrets.readerWithoutKeys().read('acme/deploy');
    await expect(read).rejects.toThrow('its worker has no keys for secrets');
  });

  test('can be read as soon as its key is there again', async () => {
    await secrets.set('acme/deploy', CONTENT);
    chmodSync(files().opening, 0o604);
    await expect(contentFor('acme/deploy')).rejects.toThrow(SecretError);
    chmodSync(files().opening, 0o600);
    expect(await contentFor('acme/deploy')).toBe(CONTENT);
  });

  test('was copied from another image', async () => {
    await secrets.set('acme/deploy', CONTENT);
    const stolen = await secrets.secrets.find('docker.io/acme/deploy:latest');
    if (stolen !== null) await secrets.secrets.put('docker.io/acme/other:latest', stolen);
    await expect(contentFor('acme/other')).rejects.toThrow('belongs to another image');
  });

  test('is told of at the start, not only by the first job', async () => {
    const empty = tempFolder();
    await secrets.reader(empty.path).check();
    expect(secrets.logs.join()).toContain(`${empty.path}/worker/`);
    empty.remove();
  });
});
