import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { goneWithin } from '../service/end-process.ts';
import { FolderInUseError } from '../service/folder-claim.ts';
import { startAndCrash } from '../service/start-and-crash.fixture.ts';
import { ServiceStartError } from '../service/wait-until-ready.ts';
import { type RunningRedis, startRedis } from './start-redis.ts';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'start-redis-'));
});
afterEach(() => rmSync(dataDir, { recursive: true }));

/** Sends one command and returns the reply as Redis wrote it. */
function send({ address }: Pick<RunningRedis, 'address'>, command: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const target = 'port' in address ? address : { path: address.socketPath };
    const socket = connect(target, () => socket.write(`${command}\r\n`));
    socket.once('data', (reply) => {
      resolve(reply.toString());
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

test('loses nothing that was answered when it is killed', async () => {
  const first = await startRedis({ dataDir });
  await send(first, 'SET key kept');
  process.kill(first.pid, 'SIGKILL');
  expect(await first.exited).toMatchObject({ signal: 'SIGKILL', expected: false });
  await first.stop();
  const second = await startRedis({ dataDir });
  expect(await send(second, 'GET key')).toBe('$4\r\nkept\r\n');
  await second.stop();
});

test('drops no keys and takes no snapshots', async () => {
  const redis = await startRedis({ dataDir });
  const get = async (name: string) => (await send(redis, `CONFIG GET ${name}`)).split('\r\n')[4];
  expect(await get('maxmemory-policy')).toBe('noeviction');
  expect(await get('appendfsync')).toBe('always');
  expect(await get('save')).toBe('');
  await redis.stop();
});

test('listens on its socket only, and removes it in the end', async () => {
  const redis = await startRedis({ dataDir });
  const socketPath = join(dataDir, 'redis/redis.sock');
  expect(redis.url).toBe(`unix://${socketPath}`);
  expect(await send(redis, 'CONFIG GET port')).toContain('\r\n0\r\n');
  await redis.stop();
  await redis.stop();
  expect(existsSync(socketPath)).toBe(false);
});

test('finds a short place for a socket deep down', async () => {
  const deep = join(dataDir, 'with a blank', 'x'.repeat(100));
  const redis = await startRedis({ dataDir: deep });
  expect(redis.url.length).toBeLessThan(80);
  expect(await send(redis, 'PING')).toBe('+PONG\r\n');
  await redis.stop();
});

test('refuses data that is in use', async () => {
  const redis = await startRedis({ dataDir });
  await expect(startRedis({ dataDir })).rejects.toThrow(FolderInUseError);
  await redis.stop();
});

test('says why it cannot start, and does not take another server for its own', async () => {
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => {
    other.listen(0, '127.0.0.1', resolve);
  });
  const { port } = other.address() as { port: number };
  const start = startRedis({ dataDir, listen: { port } });
  await expect(start).rejects.toThrow(ServiceStartError);
  await expect(start).rejects.toThrow('Address already in use');
  await new Promise((resolve) => other.close(resolve));
  await (await startRedis({ dataDir })).stop();
});

test('does not outlive a killed owner, and the next start has its data', async () => {
  const [pid = 0] = await startAndCrash(`
    const redis = await startRedis({ dataDir: ${JSON.stringify(dataDir)} });
    console.log(redis.pid);
  `);
  const next = await startRedis({ dataDir });
  expect(await goneWithin(pid, 0)).toBe(true);
  await next.stop();
});
