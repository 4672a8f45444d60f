import { execFile } from 'node:child_process';
import { chmod, link, readFile, rm, writeFile } from 'node:fs/promises';
import { childEnvironment } from '../service/child-environment.ts';
import { startTicks } from '../service/process-table.ts';

/** Debian asks this script before a package's own scripts may start a service; 101 means no. */
const POLICY_FILE = '/usr/sbin/policy-rc.d';
const DENIED = 101;

/** The words to put before an `apt-get` call so that it starts no service. */
export type CommandPrefix = readonly string[];

/**
 * Runs `install` in such a way that installed packages do not start their services:
 * whoever runs us asked for the programs, not for daemons of the system.
 *
 * No policy on the machine: ours is put in its place and removed again. A policy that already
 * denies (usual in containers) is left as it is. One that allows is left as well, and is covered
 * by ours inside a mount namespace of the installer's own.
 */
export async function withoutServices<T>(
  install: (prefix: CommandPrefix) => Promise<T>,
  policyFile: string = POLICY_FILE,
): Promise<T> {
  const ours = `${policyFile}.conjob-${process.pid}`;
  await writeFile(ours, policyScript(process.pid, startTicks(process.pid)), { mode: 0o755 });
  await chmod(ours, 0o755); // whatever the umask
  try {
    if (await placed(ours, policyFile)) {
      try {
        return await install([]);
      } finally {
        await rm(policyFile, { force: true });
      }
    }
    return await install((await denies(policyFile)) ? [] : coverPrefix(ours, policyFile));
  } finally {
    await rm(ours, { force: true });
  }
}

/**
 * Denies while process `pid` lives. Left behind by a crash it allows everything,
 * which is what a machine without a policy does.
 */
export function policyScript(pid: number, ticks: string | undefined): string {
  return [
    '#!/bin/sh',
    `# Put here by ConJob for the time of one apt-get run (process ${pid}). Safe to delete.`,
    // The command name may hold blanks: count the fields behind its closing parenthesis.
    `ticks=$(sed 's/.*) //' /proc/${pid}/stat 2>/dev/null | cut -d' ' -f20)`,
    `[ "$ticks" = '${ticks ?? ''}' ] && exit ${DENIED}`,
    'exit 0',
    '',
  ].join('\n');
}

/** Links `ours` to `target` unless something is there; a leftover of ours counts as nothing. */
async function placed(ours: string, target: string): Promise<boolean> {
  const present = await readFile(target, 'utf8').catch(() => '');
  if (present.includes('Put here by ConJob')) await rm(target, { force: true });
  return link(ours, target).then(
    () => true,
    () => false,
  );
}

function denies(policyFile: string): Promise<boolean> {
  return new Promise((resolve) => {
    execFile(policyFile, ['redis-server', 'start'], { env: childEnvironment() }, (error) =>
      resolve(error !== null && error.code === DENIED),
    );
  });
}

function coverPrefix(ours: string, policyFile: string): CommandPrefix {
  const script = `mount --bind '${ours}' '${policyFile}' && exec "$@"`;
  return ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh'];
}
