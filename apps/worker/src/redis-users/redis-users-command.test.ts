import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { connectPatient, disconnect, REDIS_USERS } from '@conjob/shared';
import { startTestRedis, type TempFolder, tempFolder } from '@conjob/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { redisUsersCommand } from './redis-users-command.ts';

let folder: TempFolder;
beforeEach(() => {
  folder = tempFolder();
});
afterEach(() => folder.remove());

const said: string[] = [];
const command = (...args: string[]) => redisUsersCommand(args, (line) => said.push(line));
const read = (name: string) => readFileSync(join(folder.path, name), 'utf8');
const passwords = () => REDIS_USERS.map((user) => read(`${user}/password`));

test('makes users who can log in with the password that is in their file', async () => {
  expect(await command(folder.path, '--api-owner', '1000:1000')).toBe(0);
  expect(new Set(passwords()).size).toBe(REDIS_USERS.length);
  expect(statSync(join(folder.path, 'api/password'))).toMatchObject({ uid: 1000, gid: 1000 });
  expect(statSync(join(folder.path, 'worker/password')).mode & 0o777).toBe(0o400);
  const users = read('users.acl').trim().split('\n').slice(1);
  const redis = await startTestRedis({ users: users.map((line) => line.replace('user ', '')) });
  for (const user of REDIS_USERS) {
    const connection = connectPatient(redis.url);
    expect(await connection.auth(user, read(`${user}/password`).trim())).toBe('OK');
    await disconnect(connection);
  }
  await redis.stop();
});

test('keeps the passwords that there are, and brings the rules up to date', async () => {
  await command(folder.path);
  const before = [passwords(), read('users.acl')];
  writeFileSync(join(folder.path, 'users.acl'), 'user default on nopass +@all');
  await command(folder.path);
  expect([passwords(), read('users.acl')]).toEqual(before);
});

test.each([[], ['--api-owner', '1:1'], ['x', '--api-owner', 'me'], ['x', '--other-owner', '1:1']])(
  'shows how it is used when it is told %j',
  async (...args) => {
    said.length = 0;
    expect(await command(...args)).toBe(2);
    expect(said.join()).toContain('Usage: redis-users FOLDER');
    expect(existsSync('x')).toBe(false);
  },
);
