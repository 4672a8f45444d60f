import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { type EngineAccess, inNetwork } from '@conjob/testkit';
import { comesTrue } from '../witness/controls.ts';

export interface BadRegistry {
  /** As its engine sees it. */
  readonly host: string;
  /** Whether anybody has asked for this image. */
  wasAskedFor(image: string): boolean;
  stop(): Promise<void>;
}

/** Starts {@link file://./bad-registry-main.ts} on the loopback of an engine's network. */
export async function startBadRegistry(engine: EngineAccess): Promise<BadRegistry> {
  const main = resolve(import.meta.dirname, 'bad-registry-main.ts');
  const [command = '', ...args] = inNetwork(engine, [process.execPath, main]);
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const host = () => /listening on (\S+)/.exec(said)?.[1];
  const stop = async () => {
    child.kill('SIGKILL');
    await exited;
  };
  if (!(await comesTrue(() => host() !== undefined))) {
    await stop();
    throw new Error('The bad registry did not start');
  }
  return {
    host: host() ?? '',
    wasAskedFor: (image) => said.includes(`/v2/${image}/manifests/`),
    stop,
  };
}
