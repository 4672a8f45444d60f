import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const MAIN = fileURLToPath(import.meta.resolve('./main.ts'));
/** Where nothing listens: a worker would wait for it. */
const REDIS_URL = 'redis://127.0.0.1:1';

test.each(['key', '--help', ''])('a command that is not there starts no worker: %j', (command) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [MAIN, command, 'list'], {
    env: { PATH: process.env['PATH'], REDIS_URL },
    encoding: 'utf8',
  });
  expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  expect(stderr).toBe(
    `There is no command ${command}. Without one this is a worker; there are: reaper, redis-users, keys.\n`,
  );
});
