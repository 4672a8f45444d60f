import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';

let echo: Server;
let proxy: FaultProxy;
let client: Socket;

beforeEach(async () => {
  echo = createServer((socket) => {
    socket.on('error', () => {});
    socket.pipe(socket);
  });
  await new Promise<void>((resolve) => {
    echo.listen(0, '127.0.0.1', resolve);
  });
  proxy = await startFaultProxy({ target: { port: (echo.address() as AddressInfo).port } });
  client = connect(proxy.address);
});

afterEach(async () => {
  client.destroy();
  await proxy.stop();
  await new Promise((resolve) => echo.close(resolve));
});

async function answer(socket: Socket, text: string): Promise<string> {
  socket.write(text);
  const [data] = (await once(socket, 'data')) as [Buffer];
  return data.toString();
}

test('passes bytes both ways and counts connections', async () => {
  expect(await answer(client, 'a')).toBe('a');
  expect([proxy.accepted, proxy.open]).toEqual([1, 1]);
});

test('delivers the last bytes before the ending', async () => {
  await proxy.set({ delayMs: 30 });
  client.end('last words');
  const [data] = (await once(client, 'data')) as [Buffer];
  expect(data.toString()).toBe('last words');
  await once(client, 'close');
});

test('delays open connections too', async () => {
  await answer(client, 'a');
  await proxy.set({ delayMs: 50 });
  const start = performance.now();
  await answer(client, 'b');
  expect(performance.now() - start).toBeGreaterThan(95);
});

test('swallows everything while it is a black hole, and passes again afterwards', async () => {
  await answer(client, 'a');
  await proxy.set('blackhole');
  client.write('lost');
  await sleep(50);
  await proxy.set('pass');
  expect(await answer(client, 'b')).toBe('b');
});

test('keeps everything back while it is stalled, endings too, and delivers it afterwards', async () => {
  await answer(client, 'a');
  await proxy.set('stall');
  client.write('late');
  const leaving = connect(proxy.address);
  leaving.end('last words');
  const heard: string[] = [];
  client.on('data', (data: Buffer) => heard.push(data.toString()));
  leaving.on('data', (data: Buffer) => heard.push(data.toString()));
  await sleep(50);
  expect(heard).toEqual([]);
  await proxy.set('pass');
  await once(leaving, 'close');
  expect(heard.toSorted()).toEqual(['last words', 'late']);
});

test('cuts open connections and accepts new ones', async () => {
  await answer(client, 'a');
  proxy.cut();
  await once(client, 'close');
  client = connect(proxy.address);
  expect(await answer(client, 'b')).toBe('b');
});

test('resets open connections', async () => {
  await answer(client, 'a');
  proxy.cut({ reset: true });
  const [error] = (await once(client, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});

test('refuses new connections, keeps open ones, and listens on the same port again', async () => {
  await answer(client, 'a');
  await proxy.set('refuse');
  const refused = connect(proxy.address);
  const [error] = (await once(refused, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNREFUSED');
  expect(await answer(client, 'b')).toBe('b');
  await proxy.set('pass');
  const again = connect(proxy.address);
  expect(await answer(again, 'c')).toBe('c');
  again.destroy();
});
