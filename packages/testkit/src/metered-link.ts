import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { type EngineAccess, inNetwork } from './test-engine.ts';

const MAIN = fileURLToPath(new URL('./metered-link.fixture.ts', import.meta.url));

/** A way to a server that is as slow as the test wants it: nothing comes through by itself. */
export interface MeteredLink {
  /** `127.0.0.1:<port>`, as seen by the engine. */
  readonly host: string;
  /** Lets so many more bytes of the server through. */
  allow(bytes: number): void;
  stop(): Promise<void>;
}

/** Stands before a server on the loopback of an engine's network: `host` is that of a test registry. */
export async function startMeteredLink(engine: EngineAccess, host: string): Promise<MeteredLink> {
  const [, port = ''] = host.split(':');
  const [command = '', ...args] = inNetwork(engine, [process.execPath, MAIN, port]);
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  const [ownPort] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return {
    host: `127.0.0.1:${ownPort}`,
    allow: (bytes) => void child.stdin.write(`${bytes}\n`),
    async stop() {
      child.stdin.end();
      await closed;
    },
  };
}
