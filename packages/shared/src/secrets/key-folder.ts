import { chmod, chown, lstat, mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  KeyFileError,
  privateLine,
  publicLine,
  readPrivateKeys,
  readPublicKeys,
} from './key-file.ts';
import {
  type ApiKeys,
  type KeyId,
  type KeyPair,
  type KeyUse,
  newKeyPair,
  type PublicKey,
  type WorkerKeys,
} from './secret-keys.ts';

const PRIVATE_MODE = 0o600;
const PUBLIC_MODE = 0o644;

/** The files of a folder of keys. A host has only the part of what runs there: `api`, or `worker`. */
export function keyFiles(folder: string) {
  return {
    /** Private: the API signs with it. */
    signing: `${folder}/api/sign.key`,
    /** Public: whose workers can open what is sealed from now on. */
    recipients: `${folder}/api/workers.pub`,
    /** Private: workers open with these. */
    opening: `${folder}/worker/open.key`,
    /** Public: whose signatures workers believe. */
    signers: `${folder}/worker/apis.pub`,
  };
}

/** Reads the part of the API. Throws {@link KeyFileError}. */
export async function readApiKeys(folder: string): Promise<ApiKeys> {
  const files = keyFiles(folder);
  const [[signing], recipients] = await Promise.all([
    readPrivateKeys(files.signing, 'sign'),
    readPublicKeys(files.recipients, 'seal'),
  ]);
  return { signing: signing as KeyPair, recipients };
}

/** Reads the part of a worker. Throws {@link KeyFileError}. */
export async function readWorkerKeys(folder: string): Promise<WorkerKeys> {
  const files = keyFiles(folder);
  const [opening, signers] = await Promise.all([
    readPrivateKeys(files.opening, 'seal'),
    readPublicKeys(files.signers, 'sign'),
  ]);
  return { opening, signers };
}

/** Makes the keys that a folder lacks; what is there stays. Throws {@link KeyFileError} for half a pair. */
export async function generateKeys(folder: string): Promise<void> {
  const { signing, signers, opening, recipients } = keyFiles(folder);
  if (await lacksBoth(signing, signers)) await generate('sign', signing, signers);
  if (await lacksBoth(opening, recipients)) await generate('seal', opening, recipients);
}

/**
 * Adds a key for workers to a folder that has both parts. From now on secrets are sealed to it as well, and
 * workers that have it open them. Throws {@link KeyFileError}.
 */
export async function addWorkerKey(folder: string): Promise<KeyId> {
  const { opening, recipients } = keyFiles(folder);
  const [privateKeys, publicKeys] = await bothHalves(folder);
  const { seed, pair } = await newKeyPair('seal');
  // First to those who open.
  await writeKeyFile(opening, [privateLine('seal', pair.id, seed), ...privateKeys.map(openLine)]);
  await writeKeyFile(recipients, [...publicKeys.map(sealLine), sealLine(pair)]);
  return pair.id;
}

/** Takes a key of workers out of a folder that has both parts. Throws {@link KeyFileError}. */
export async function removeWorkerKey(folder: string, id: KeyId): Promise<void> {
  const { opening, recipients } = keyFiles(folder);
  const [privateKeys, publicKeys] = await bothHalves(folder);
  const [open, seal] = [privateKeys, publicKeys].map((keys) => keys.filter((key) => key.id !== id));
  const isThere = open?.length !== privateKeys.length || seal?.length !== publicKeys.length;
  if (!isThere) throw new KeyFileError(`There is no key ${id} of workers in ${folder}.`);
  if (!open?.length || !seal?.length) throw new KeyFileError(`${id} is the only key of workers.`);
  // First from those who seal.
  await writeKeyFile(recipients, seal.map(sealLine));
  await writeKeyFile(opening, (open as KeyPair[]).map(openLine));
}

async function bothHalves(folder: string): Promise<[KeyPair[], PublicKey[]]> {
  const { opening, recipients } = keyFiles(folder);
  return Promise.all([readPrivateKeys(opening, 'seal'), readPublicKeys(recipients, 'seal')]);
}

async function generate(use: KeyUse, privateFile: string, publicFile: string): Promise<void> {
  const { seed, pair } = await newKeyPair(use);
  await writeKeyFile(privateFile, [privateLine(use, pair.id, seed)]);
  await writeKeyFile(publicFile, [publicLine(use, pair)]);
}

const openLine = ({ id, privateKey }: KeyPair): string => privateLine('seal', id, privateKey);
const sealLine = (key: PublicKey): string => publicLine('seal', key);

/**
 * Replaces the file as a whole: who reads meanwhile sees the old one, or the new one. It belongs to whom
 * its folder belongs to.
 */
async function writeKeyFile(path: string, lines: readonly string[]): Promise<void> {
  const mode = path.endsWith('.key') ? PRIVATE_MODE : PUBLIC_MODE;
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const half = `${path}.new`;
  // Flushed before it takes the place of the old one: a power cut must not leave an empty file, and lose all secrets.
  await writeFile(half, `${lines.join('\n')}\n`, { mode, flush: true });
  // Whatever the umask is.
  await chmod(half, mode);
  // An operator who is root makes files for somebody else.
  const { uid, gid } = await stat(dirname(path));
  if (uid !== process.getuid?.()) await chown(half, uid, gid);
  await rename(half, path);
}

async function lacksBoth(privateFile: string, publicFile: string): Promise<boolean> {
  const [hasPrivate, hasPublic] = await Promise.all([isThere(privateFile), isThere(publicFile)]);
  if (hasPrivate === hasPublic) return !hasPrivate;
  const [there, missing] = hasPrivate ? [privateFile, publicFile] : [publicFile, privateFile];
  throw new KeyFileError(`${there} is there, and ${missing} is not. They belong together.`);
}

async function isThere(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
