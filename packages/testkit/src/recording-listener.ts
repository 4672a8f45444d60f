import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { type EngineAccess, inNetwork } from './test-engine.ts';

export interface RecordingListener {
  readonly port: number;
  /** How many connections have come so far. */
  readonly contacts: number;
  stop(): Promise<void>;
}

const PROGRAM = `require('node:net')
  .createServer((socket) => { console.log('contact'); socket.on('error', () => {}).end(); })
  .listen(0, process.argv[1], function () { console.log(this.address().port); })`;

/** Counts who connects to an address in an engine's network, and hangs up. */
export async function startRecordingListener(
  engine: EngineAccess,
  address = '127.0.0.1',
): Promise<RecordingListener> {
  const [command = '', ...args] = inNetwork(engine, [process.execPath, '-e', PROGRAM, address]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout });
  const [port] = (await once(lines, 'line')) as [string];
  let contacts = 0;
  lines.on('line', () => {
    contacts += 1;
  });
  return {
    port: Number(port),
    get contacts() {
      return contacts;
    },
    async stop() {
      const closed = once(child, 'close');
      child.kill();
      await closed;
    },
  };
}
