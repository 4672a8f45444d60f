import { connect, type NetConnectOpts } from 'node:net';

export type RedisAddress = { readonly socketPath: string } | { readonly port: number };

/**
 * Whether the Redis at `address` is the process `pid` and has loaded its data.
 * The pid is asked for because something else may hold the port. Rejects on connection errors.
 */
export async function isRedisReady(address: RedisAddress, pid: number): Promise<boolean> {
  const info = await ask(address, 'INFO\r\n');
  return new RegExp(`^process_id:${pid}\r$`, 'm').test(info) && /^loading:0\r$/m.test(info);
}

/** Sends one inline command and returns the bulk reply, or whatever came when it is none. */
function ask(address: RedisAddress, command: string): Promise<string> {
  const target: NetConnectOpts =
    'socketPath' in address
      ? { path: address.socketPath }
      : { host: '127.0.0.1', port: address.port };
  return new Promise((resolve, reject) => {
    const socket = connect(target, () => socket.write(command));
    let reply = '';
    socket.setEncoding('latin1');
    socket.setTimeout(1_000, () => socket.destroy(new Error('Redis does not answer')));
    socket.on('data', (text) => {
      reply += text;
      if (isComplete(reply)) socket.end();
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(reply));
  });
}

function isComplete(reply: string): boolean {
  const length = /^\$(\d+)\r\n/.exec(reply);
  if (length === null) return reply.includes('\r\n') && !reply.startsWith('$');
  return reply.length >= length[0].length + Number(length[1]) + 2;
}
