import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { childEnvironment } from '../service/child-environment.ts';

const execute = promisify(execFile);

export interface RunOptions {
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Runs a short command to its end and returns what it printed to stdout.
 * Throws an error whose message holds the command and the last lines of its output.
 */
export async function run(
  command: string,
  args: readonly string[],
  { timeoutMs = 60_000, env = {} }: RunOptions = {},
): Promise<string> {
  try {
    const { stdout } = await execute(command, [...args], {
      timeout: timeoutMs,
      maxBuffer: 64 * 1024 * 1024,
      env: { ...childEnvironment(), ...env },
    });
    return stdout;
  } catch (cause) {
    const { stdout = '', stderr = '' } = cause as { stdout?: string; stderr?: string };
    const output = `${stdout}\n${stderr}`.trim().split('\n').slice(-8).join('\n');
    throw new Error(`${[command, ...args].join(' ')} failed:\n${output}`, { cause });
  }
}
