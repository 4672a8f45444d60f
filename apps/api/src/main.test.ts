import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { call } from './testing/http-client.ts';

const MAIN = fileURLToPath(import.meta.resolve('./main.ts'));
/** Nobody listens there: the API starts without Redis too. */
const REDIS_URL = 'redis://127.0.0.1:1';

function start(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, [MAIN], {
    env: { REDIS_URL, ADMIN_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function urlOf({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('no stdout');
  for await (const line of createInterface({ input: stdout })) {
    const { url } = JSON.parse(line);
    if (url !== undefined) return url;
  }
  throw new Error('it ended before it listened');
}

async function failure(env: Record<string, string>) {
  const child = start(env);
  const [stderr, [code]] = await Promise.all([
    child.stderr ? text(child.stderr) : '',
    once(child, 'exit'),
  ]);
  return { code, stderr };
}

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it in order', async (signal) => {
  const child = start({ PORT: '0' });
  const url = await urlOf(child);
  expect((await call(`${url}/livez`)).status).toBe(200);
  child.kill(signal);
  expect(await once(child, 'exit')).toEqual([0, null]);
});

test('a taken port is told in one line', async () => {
  const child = start({ PORT: '0' });
  const { port } = new URL(await urlOf(child));
  expect(await failure({ PORT: port })).toEqual({
    code: 1,
    stderr: `Port ${port} is taken. Set PORT to another one.\n`,
  });
  expect(await failure({ PORT: '0', ADMIN_PORT: port })).toEqual({
    code: 1,
    stderr: `Port ${port} is taken. Set ADMIN_PORT to another one.\n`,
  });
  child.kill('SIGKILL');
  await once(child, 'exit');
});

test('wrong variables are all named, without a stack trace', async () => {
  const { code, stderr } = await failure({ PORT: 'http', LOG_LEVEL: 'loud' });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^These environment variables are wrong:\n {2}PORT: .+\n {2}LOG_LEVEL: .+\n$/,
  );
});
