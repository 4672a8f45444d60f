import { chown, readdir } from 'node:fs/promises';
import {
  ConfigError,
  connectImpatient,
  disconnect,
  expectWelcome,
  generateKeys,
  KeyFileError,
  loadConfig,
} from '@conjob/shared';
import { workerConfigSchema } from '../config.ts';
import { KeyInUseError, KeyUpkeep } from './key-upkeep.ts';

const USAGE = `Usage: keys COMMAND, with the folder of the keys in SECRET_KEYS_DIR

  generate [--api-owner UID:GID] [--worker-owner UID:GID]
               makes the keys that the folder lacks, for these users
  list         shows the keys of workers, and how many secrets each opens
  add          makes one more key for workers; from now on secrets are sealed to it as well
  reseal       seals every secret to the keys in api/workers.pub, and to no others
  retire ID    forgets a key of workers, unless a secret needs it

All but generate look into Redis: REDIS_URL.`;

type Say = (line: string) => void;

/** The command `keys` of operators. Returns the exit code. */
export async function keysCommand(
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
  say: Say,
): Promise<number> {
  try {
    const { secretKeysFolder: folder, redis: access } = loadConfig(workerConfigSchema, environment);
    const [command = '', ...rest] = args;
    if (folder === undefined || !isKnown(command, rest)) {
      say(folder === undefined ? `SECRET_KEYS_DIR is not set.\n\n${USAGE}` : USAGE);
      return 2;
    }
    if (command === 'generate') return await generate(folder, rest, say);
    const redis = connectImpatient(access);
    const failed = new Promise<never>((_, reject) => redis.once('error', reject));
    try {
      await expectWelcome(redis);
      const ready = new Promise((resolve) => redis.once('ready', resolve));
      if (redis.status !== 'ready') await Promise.race([ready, failed]);
      return await run(new KeyUpkeep(folder, redis), command, rest[0] ?? '', say);
    } finally {
      failed.catch(() => {});
      await disconnect(redis);
    }
  } catch (error) {
    const isForPeople = [ConfigError, KeyFileError, KeyInUseError].some(
      (kind) => error instanceof kind,
    );
    say(isForPeople ? (error as Error).message : String(error));
    return 1;
  }
}

const OWNER = /^(\d+):(\d+)$/;

function isKnown(command: string, rest: readonly string[]): boolean {
  if (command === 'generate') return ownersOf(rest) !== null;
  if (command === 'retire') return rest.length === 1;
  return ['list', 'add', 'reseal'].includes(command) && rest.length === 0;
}

async function run(keys: KeyUpkeep, command: string, id: string, say: Say): Promise<number> {
  switch (command) {
    case 'list': {
      const { secrets, signs, workerKeys } = await keys.list();
      say(`api     ${signs}  signs`);
      for (const { id: key, opens, isPrivateHere, isSealedTo } of workerKeys) {
        const facts = [
          `opens ${opens} of ${secrets} secrets`,
          isSealedTo ? 'is sealed to' : 'is not sealed to any more',
          ...(isPrivateHere ? [] : ['its private half is not here']),
        ];
        say(`worker  ${key}  ${facts.join(', ')}`);
      }
      return 0;
    }
    case 'add':
      say(`worker  ${await keys.add()}  added`);
      return 0;
    case 'reseal': {
      const { resealed, unchanged, unreadable } = await keys.reseal();
      say(`${resealed} secrets resealed, ${unchanged} were already, ${unreadable.size} unreadable`);
      for (const [image, why] of unreadable) say(`${image}: ${why}`);
      return unreadable.size === 0 ? 0 : 1;
    }
    default:
      await keys.retire(id);
      say(`worker  ${id}  retired`);
      return 0;
  }
}

async function generate(folder: string, rest: readonly string[], say: Say): Promise<number> {
  await generateKeys(folder);
  for (const { part, uid, gid } of ownersOf(rest) ?? []) {
    const files = (await readdir(`${folder}/${part}`)).map((name) => `${folder}/${part}/${name}`);
    for (const path of [`${folder}/${part}`, ...files]) await chown(path, uid, gid);
  }
  say(`The keys are in ${folder}: api/ is for the API, worker/ for the workers.`);
  return 0;
}

interface Owner {
  readonly part: string;
  readonly uid: number;
  readonly gid: number;
}

/** Null when the arguments are no such options. */
function ownersOf(rest: readonly string[]): Owner[] | null {
  const owners: Owner[] = [];
  for (let index = 0; index < rest.length; index += 2) {
    const part = /^--(api|worker)-owner$/.exec(rest[index] ?? '')?.[1];
    const owner = OWNER.exec(rest[index + 1] ?? '');
    if (part === undefined || owner === null) return null;
    owners.push({ part, uid: Number(owner[1]), gid: Number(owner[2]) });
  }
  return owners;
}
