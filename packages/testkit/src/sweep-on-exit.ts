import { spawn } from 'node:child_process';

const SWEEPER = new URL('./temp-folder.ts', import.meta.url).href;

/**
 * Has whatever this process leaves behind swept up as soon as it has ended, by a process that
 * lives for that only. vitest ends 1 ms after SIGINT or SIGTERM: there is no time to stop an
 * engine. Returns what calls this off.
 */
export function sweepOnExit(): () => void {
  const sweep = (): void => {
    const program = `(await import(${JSON.stringify(SWEEPER)})).sweepAfter(${process.pid})`;
    const args = ['--input-type=module', '--eval', program];
    spawn(process.execPath, args, { detached: true, stdio: 'ignore' }).unref();
  };
  const hangUp = (): void => process.exit(129);
  process.once('exit', sweep);
  process.once('SIGHUP', hangUp);
  return () => {
    process.off('exit', sweep);
    process.off('SIGHUP', hangUp);
  };
}
