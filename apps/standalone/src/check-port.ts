import { once } from 'node:events';
import { createServer } from 'node:net';
import { ConfigError } from '@conjob/shared';

/**
 * Fails before anything is installed or started when the API could not listen. Throws `ConfigError`
 * that names the port and the variable.
 */
export async function checkPort({ host, port }: { host: string; port: number }): Promise<void> {
  const server = createServer();
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') return;
    throw new ConfigError(
      `Port ${port} is taken. Set PORT to another one, for example: PORT=${port + 10} npm start`,
    );
  } finally {
    server.close();
  }
}
