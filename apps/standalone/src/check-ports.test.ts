import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { ConfigError } from '@conjob/shared';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPorts } from './check-ports.ts';

const HOST = '127.0.0.1';
let taken: Server;
let port: number;
beforeAll(async () => {
  taken = createServer().listen(0, HOST);
  await once(taken, 'listening');
  ({ port } = taken.address() as { port: number });
});
afterAll(() => {
  taken.close();
});

test('free ports are fine, and any free one is', async () => {
  await checkPorts(HOST, { PORT: 0, ADMIN_PORT: 0 });
});

test('every port that is taken is named with its variable, and a line that works', async () => {
  const check = checkPorts(HOST, { PORT: port, ADMIN_PORT: port });
  await expect(check).rejects.toThrow(ConfigError);
  await expect(check).rejects.toThrow(
    [
      `Port ${port} is taken. Set PORT to another one.`,
      `Port ${port} is taken. Set ADMIN_PORT to another one.`,
      `For example: PORT=${port + 10} ADMIN_PORT=${port + 10} npm start`,
    ].join('\n'),
  );
  await expect(checkPorts(HOST, { PORT: 0, ADMIN_PORT: port })).rejects.toThrow(
    `Port ${port} is taken. Set ADMIN_PORT to another one.\nFor example: ADMIN_PORT=`,
  );
});
