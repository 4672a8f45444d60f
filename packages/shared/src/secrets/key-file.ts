import { type FileHandle, open } from 'node:fs/promises';
import {
  KEY_BYTES,
  type KeyId,
  type KeyPair,
  type KeyUse,
  keyPair,
  type PublicKey,
  publicKeyOf,
} from './secret-keys.ts';

/** A key file that can't be used. The message names it and says what to do: for operators, not for callers. */
export class KeyFileError extends Error {
  override readonly name = 'KeyFileError';
}

const ALGORITHMS = { sign: 'ed25519', seal: 'x25519' } as const;
/** Of others: what a private file must not allow, and a public one. */
const ANY_ACCESS = 0o077;
const WRITING = 0o022;

/** The private keys of a file, in its order; at least one. Throws {@link KeyFileError}. */
export async function readPrivateKeys(path: string, use: KeyUse): Promise<KeyPair[]> {
  const entries = await readEntries(path, `${ALGORITHMS[use]}-private`, ANY_ACCESS);
  const pairs = await Promise.all(entries.map(({ bytes }) => keyPair(use, bytes)));
  return checkIds(path, entries, pairs);
}

/** The public keys of a file; at least one. Throws {@link KeyFileError}. */
export async function readPublicKeys(path: string, use: KeyUse): Promise<PublicKey[]> {
  const entries = await readEntries(path, `${ALGORITHMS[use]}-public`, WRITING);
  return checkIds(
    path,
    entries,
    entries.map(({ bytes }) => publicKeyOf(bytes)),
  );
}

/** The line of a private key. */
export function privateLine(use: KeyUse, id: KeyId, seed: Uint8Array): string {
  return `${ALGORITHMS[use]}-private ${id} ${Buffer.from(seed).toString('base64')}`;
}

/** The line of a public key. */
export function publicLine(use: KeyUse, { id, publicKey }: PublicKey): string {
  return `${ALGORITHMS[use]}-public ${id} ${Buffer.from(publicKey).toString('base64')}`;
}

interface Entry {
  readonly id: string;
  readonly bytes: Buffer;
}

async function readEntries(path: string, kind: string, forbidden: number): Promise<Entry[]> {
  const text = await readChecked(path, forbidden);
  const lines = text.split('\n').map((line) => line.trim());
  const entries = lines
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [found, id = '', base64 = ''] = line.split(/\s+/);
      const bytes = Buffer.from(base64, 'base64');
      if (found !== kind || bytes.length !== KEY_BYTES) {
        throw new KeyFileError(`${path} must hold lines of: ${kind} ID KEY.`);
      }
      return { id, bytes };
    });
  if (entries.length === 0) throw new KeyFileError(`${path} holds no key.`);
  return entries;
}

/** A typing error, or half of a file, is not taken for a key. */
function checkIds<Key extends PublicKey>(path: string, entries: Entry[], keys: Key[]): Key[] {
  const wrong = entries.find(({ id }, index) => keys[index]?.id !== id);
  if (wrong) throw new KeyFileError(`${path}: the key of the line ${wrong.id} is damaged.`);
  return keys;
}

async function readChecked(path: string, forbidden: number): Promise<string> {
  let file: FileHandle | undefined;
  try {
    file = await open(path);
    const status = await file.stat();
    if (!status.isFile()) throw new KeyFileError(`${path} is not a file.`);
    if ((status.mode & forbidden) !== 0) {
      const mode = (status.mode & 0o777).toString(8);
      throw new KeyFileError(`${path} has mode ${mode}, open to others: chmod go= ${path}`);
    }
    return await file.readFile('utf8');
  } catch (error) {
    if (error instanceof KeyFileError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new KeyFileError(`${path} is missing.`);
    throw new KeyFileError(`${path} can not be read (${code}).`);
  } finally {
    await file?.close();
  }
}
