import { spawn } from 'node:child_process';
import { once } from 'node:events';

const PROVISION = new URL('../index.ts', import.meta.url).href;

/**
 * Runs a script, with everything of this package in scope, in a process of its own, and kills
 * that as soon as the script is done. Returns the numbers it printed.
 */
export async function startAndCrash(script: string): Promise<number[]> {
  const program = `
    import * as provision from ${JSON.stringify(PROVISION)};
    const { startEngine, startRedis, startService, callEngine, importStarterImages } = provision;
    ${script}
    process.kill(process.pid, 'SIGKILL');
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child, 'close');
  return output.trim().split(/\s+/).map(Number);
}
