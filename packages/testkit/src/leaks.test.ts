import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { activeResources, childProcesses } from './leaks.ts';

test('sees a grandchild until it has ended', async () => {
  const child = spawn('sh', ['-c', 'sleep 61 & wait'], { detached: true });
  const sleeps = () => childProcesses().filter(({ args }) => args[1] === '61');
  await expect.poll(() => sleeps().length).toBe(1);
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await once(child, 'close');
  await expect.poll(() => sleeps().length).toBe(0);
});

test('sees an open server', async () => {
  const count = () => activeResources().get('TCPServerWrap') ?? 0;
  const before = count();
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(count()).toBe(before + 1);
  await new Promise((resolve) => server.close(resolve));
  await expect.poll(count).toBe(before);
});
