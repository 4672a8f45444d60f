import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { aclFile, REDIS_USERS, type RedisUser } from '@conjob/shared';

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export type Owners = Partial<Record<RedisUser, Owner>>;

const PASSWORD_BYTES = 32;

/**
 * Makes `users.acl` for Redis in a folder, and `USER/password` for each user. Passwords that are there stay,
 * so that it may be run again: after an update, the rules are those of the new version.
 */
export async function makeRedisUsers(folder: string, owners: Owners): Promise<void> {
  const passwords: Partial<Record<RedisUser, string>> = {};
  for (const user of REDIS_USERS) {
    passwords[user] = await passwordOf(join(folder, user), owners[user]);
  }
  // It has hashes of passwords that nobody guesses.
  await writeFile(join(folder, 'users.acl'), aclFile(passwords), { mode: 0o644 });
}

async function passwordOf(folder: string, owner: Owner | undefined): Promise<string> {
  const path = join(folder, 'password');
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const text = `${randomBytes(PASSWORD_BYTES).toString('base64url')}\n`;
  try {
    await writeFile(path, text, { flag: 'wx', mode: 0o400 });
    if (owner !== undefined) await chown(path, owner.uid, owner.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  return (await readFile(path, 'utf8')).trim();
}
