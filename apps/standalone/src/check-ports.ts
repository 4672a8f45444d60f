import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigError } from '@conjob/shared';

/** Ports by the names of their variables. */
export type Ports = Readonly<Record<string, number>>;

/**
 * Fails before anything is installed or started when the API could not listen. Throws one `ConfigError`
 * that names all ports that are taken, and their variables.
 */
export async function checkPorts(host: string, ports: Ports): Promise<void> {
  const taken: [string, number][] = [];
  for (const [variable, port] of Object.entries(ports)) {
    if (await isTaken(host, port)) taken.push([variable, port]);
  }
  if (taken.length === 0) return;
  const lines = taken.map(
    ([variable, port]) => `Port ${port} is taken. Set ${variable} to another one.`,
  );
  const example = taken.map(([variable, port]) => `${variable}=${port + 10}`);
  throw new ConfigError([...lines, `For example: ${example.join(' ')} npm start`].join('\n'));
}

async function isTaken(host: string, port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
  } finally {
    server.close();
  }
}
