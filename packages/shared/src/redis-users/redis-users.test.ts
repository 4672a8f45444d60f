import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { startTestRedis, type TestRedis } from '@conjob/testkit';
import type { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { keys } from '../keys.ts';
import * as attemptScripts from '../ledger/attempt-scripts.ts';
import { SET_LIMITS } from '../ledger/limit-scripts.ts';
import { JOIN_LINE, POSITION } from '../ledger/line-scripts.ts';
import * as submissionScripts from '../ledger/submission-scripts.ts';
import { connectPatient, disconnect } from '../redis.ts';
import { commandsOf } from './command-rights.ts';
import { REDIS_ROLES, type RedisRole } from './key-rights.ts';
import { aclFile, rulesOf } from './redis-users.ts';

let server: TestRedis;
const opened: Redis[] = [];

beforeAll(async () => {
  const users = REDIS_ROLES.map((role) => `${role} on >pw ${rulesOf(role)}`);
  server = await startTestRedis({ users });
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map(disconnect));
});
afterAll(() => server.stop());

async function as(role: RedisRole): Promise<Redis> {
  const redis = connectPatient(server.url);
  opened.push(redis);
  await redis.auth(role, 'pw');
  return redis;
}

const OF_OPERATORS = [
  'CONFIG GET dir',
  'CONFIG SET dir /tmp',
  'KEYS *',
  'FLUSHALL',
  'FLUSHDB',
  'DEBUG SLEEP 0',
  'SCRIPT FLUSH',
  'FUNCTION FLUSH',
  'ACL LIST',
  'ACL SETUSER worker +@all',
  'CLIENT LIST',
  'CLIENT KILL TYPE normal',
  'MONITOR',
  'SHUTDOWN',
  'SAVE',
  'REPLICAOF NO ONE',
  'MODULE LIST',
  'MIGRATE h 1 k 0 1',
  'SWAPDB 0 1',
  'SELECT 1',
];

describe.each(REDIS_ROLES)('the user %s', (role) => {
  test('may use no command of operators', async () => {
    const redis = connectPatient(server.url);
    opened.push(redis);
    for (const line of OF_OPERATORS) {
      const [command = '', ...args] = line.split(' ');
      // For DEBUG has a lock of its own as well.
      const verdict = await redis.call('ACL', 'DRYRUN', role, command, ...args);
      expect(verdict, line).toMatch(/has no permissions to run/);
    }
    await expect((await as(role)).config('GET', 'dir')).rejects.toThrow('NOPERM');
  });

  test('touches no key that is not of ConJob', async () => {
    const redis = await as(role);
    await expect(redis.hmget('elsewhere', 'field')).rejects.toThrow('NOPERM');
  });
});

describe('the user of workers', () => {
  const secret = keys.secret('docker.io/library/x:latest');

  test('reads a secret, as it has to', async () => {
    const redis = await as('worker');
    expect(await redis.hmget(secret, 'body')).toEqual([null]);
  });

  test.each<[string, string[]]>([
    ['change one', ['HSET', secret, 'body', 'planted']],
    ['remove one', ['DEL', secret]],
    ['change one by a script', ['EVAL', `redis.call('DEL', KEYS[1])`, '1', secret]],
    ['change one by a script that hides it', ['EVAL', `redis.call('DEL', '${secret}')`, '0']],
    ['make a token', ['SET', keys.token('a'.repeat(64)), '{}']],
    ['read a token', ['GET', keys.token('a'.repeat(64))]],
    ['list tokens', ['HGETALL', keys.tokens]],
    ['repeat the request of another caller', ['GET', keys.idempotency('a'.repeat(64))]],
  ])('may not %s', async (_what, [command = '', ...args]) => {
    const redis = await as('worker');
    // Redis has words of its own for scripts.
    await expect(redis.call(command, ...args)).rejects.toThrow(/NOPERM|can't access/);
  });
});

test('the user of the reaper changes no job, no secret and no worker', async () => {
  const redis = await as('reaper');
  for (const key of [keys.job('x'), keys.secret('x'), keys.worker('x'), keys.workerName('x')]) {
    await expect(redis.set(key, 'x'), key).rejects.toThrow('NOPERM');
  }
});

test('nobody hears of a job that is cancelled but who has to', async () => {
  for (const role of ['reaper', 'keys'] as const) {
    await expect((await as(role)).call('PUBLISH', keys.cancels, 'x')).rejects.toThrow('NOPERM');
  }
});

/** Commands in the text of a script, whichever of its branches they are in. */
const calls = (text: string): string[] =>
  [...text.matchAll(/redis\.p?call\(\s*'([A-Z]+)'/g)].map(([, name = '']) => name.toLowerCase());
const textOf = (scripts: Readonly<Record<string, unknown>>): string =>
  Object.values(scripts)
    .filter((script) => typeof script === 'string')
    .join('\n');

test.each<[RedisRole, string]>([
  // An API ends jobs as well: with the script of workers.
  ['api', textOf(submissionScripts) + attemptScripts.FINISH + SET_LIMITS + JOIN_LINE + POSITION],
  ['worker', textOf(attemptScripts)],
])('the user %s may do all that the scripts of its ledger do', (role, text) => {
  expect(calls(text).length).toBeGreaterThan(50);
  expect(commandsOf(role)).toEqual(expect.arrayContaining(calls(text)));
});

test('the file that ships is this table, and lets nobody in without a password', () => {
  const shipped = resolve(import.meta.dirname, '../../../../deploy/redis/users.acl');
  expect(readFileSync(shipped, 'utf8')).toBe(aclFile());
  expect(aclFile()).not.toMatch(/ [>#<]| nopass/);
});

test('the default user is off, and may do all: as him Redis reads what scripts have written', () => {
  // What happens otherwise, tests/compose has shown: Redis restarts, and without a word has lost it.
  expect(aclFile()).toMatch(/^user default off ~\* &\* \+@all$/m);
});

test('users that have a password log in with it, and nobody without', async () => {
  const lines = aclFile({ api: 'one', admin: 'two' }).trim().split('\n');
  const users = lines.map((line) => line.replace('user ', ''));
  const closed = await startTestRedis({
    users: users.filter((user) => !user.startsWith('default')),
  });
  const redis = connectPatient(closed.url);
  expect(await redis.auth('api', 'one')).toBe('OK');
  expect(await redis.auth('admin', 'two')).toBe('OK');
  await expect(redis.auth('worker', '')).rejects.toThrow('WRONGPASS');
  await disconnect(redis);
  await closed.stop();
});
