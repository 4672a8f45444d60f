import { chmodSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type TempFolder, tempFolder } from '@conjob/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { KeyFileError } from './key-file.ts';
import { generateKeys, keyFiles, readApiKeys, readWorkerKeys } from './key-folder.ts';
import { openSecret, sealSecret } from './seal-secret.ts';

let folder: TempFolder;
let files: ReturnType<typeof keyFiles>;
beforeEach(async () => {
  folder = tempFolder();
  files = keyFiles(folder.path);
  await generateKeys(folder.path);
});
afterEach(() => folder.remove());

const all = () => Object.values(files).map((path) => readFileSync(path, 'utf8'));
const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

describe('a folder of keys', () => {
  test('lets the API write what its workers read', async () => {
    const context = { image: 'docker.io/a/b:c', version: 'v', createdAt: 1 };
    const sealed = await sealSecret(
      Buffer.from('content'),
      context,
      await readApiKeys(folder.path),
    );
    const content = await openSecret(sealed, context.image, await readWorkerKeys(folder.path));
    expect(String(content)).toBe('content');
  });

  test('gives each side what it needs, and nothing of the private keys of the other', () => {
    const [signing = '', recipients = '', opening = '', signers = ''] = all();
    expect(signing).toMatch(/^ed25519-private /);
    expect(recipients).toMatch(/^x25519-public /);
    expect(opening).toMatch(/^x25519-private /);
    expect(signers).toMatch(/^ed25519-public /);
    const secretOf = (text: string) => text.trim().split(' ')[2] ?? '';
    expect(recipients + signers + signing).not.toContain(secretOf(opening));
    expect(recipients + signers + opening).not.toContain(secretOf(signing));
  });

  test('keeps the private ones from everybody else, whatever the umask is', async () => {
    const umask = process.umask(0);
    try {
      rmSync(folder.path, { recursive: true });
      await generateKeys(folder.path);
    } finally {
      process.umask(umask);
    }
    expect([modeOf(files.signing), modeOf(files.opening)]).toEqual(['600', '600']);
    expect([modeOf(files.recipients), modeOf(files.signers)]).toEqual(['644', '644']);
  });

  test('keeps the keys that it has', async () => {
    const before = all();
    await generateKeys(folder.path);
    expect(all()).toEqual(before);
  });

  test('makes no new half of a pair: what the old one sealed would be lost', async () => {
    rmSync(files.recipients);
    await expect(generateKeys(folder.path)).rejects.toThrow(
      `${files.opening} is there, and ${files.recipients} is not.`,
    );
  });
});

describe('a key file is refused', () => {
  test.each([
    ['missing', () => rmSync(files.opening), 'is missing'],
    ['readable by its group', () => chmodSync(files.opening, 0o640), 'has mode 640'],
    ['readable by all', () => chmodSync(files.opening, 0o604), 'has mode 604'],
    ['a folder', () => rmSync(files.opening) ?? mkdirSync(files.opening), 'is not a file'],
    ['empty', () => writeFileSync(files.opening, '# none yet\n'), 'holds no key'],
    ['something else', () => writeFileSync(files.opening, 'hello\n'), 'must hold lines of'],
    [
      'of the other kind',
      () => writeFileSync(files.opening, readFileSync(files.recipients)),
      'must hold lines of: x25519-private',
    ],
    [
      'cut off',
      () => writeFileSync(files.opening, readFileSync(files.opening).subarray(0, 50)),
      'must hold lines of',
    ],
    [
      'damaged',
      () => {
        const text = readFileSync(files.opening, 'utf8');
        const [kind, id, key = ''] = text.trim().split(' ');
        // Not in the first byte: X25519 leaves out three bits of it, and the key might be the same.
        const other = key[20] === 'A' ? 'B' : 'A';
        const damaged = `${key.slice(0, 20)}${other}${key.slice(21)}`;
        writeFileSync(files.opening, `${kind} ${id} ${damaged}\n`);
      },
      'is damaged',
    ],
  ])('when it is %s', async (_what, spoil, message) => {
    spoil();
    const read = readWorkerKeys(folder.path);
    await expect(read).rejects.toThrow(KeyFileError);
    await expect(read).rejects.toThrow(message);
  });

  test('when others can add a recipient, or a signer', async () => {
    chmodSync(files.recipients, 0o664);
    await expect(readApiKeys(folder.path)).rejects.toThrow('has mode 664');
    chmodSync(files.signers, 0o646);
    await expect(readWorkerKeys(folder.path)).rejects.toThrow('has mode 646');
  });

  test('without a word of what is in it', async () => {
    const [, id, key = ''] = readFileSync(files.opening, 'utf8').trim().split(' ');
    writeFileSync(files.opening, `x25519-private ${id} ${key.slice(4)}\n`);
    const error = await readWorkerKeys(folder.path).catch((reason: Error) => reason);
    expect(String(error)).not.toContain(key.slice(4, 12));
  });
});
