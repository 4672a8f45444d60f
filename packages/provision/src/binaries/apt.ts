import { existsSync, readdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { findBinary } from './find-binary.ts';
import { run } from './run.ts';
import { type CommandPrefix, withoutServices } from './service-policy.ts';

const ATTEMPTS = 3;
const UNITS_FOLDER = '/lib/systemd/system';
const INSTALL_TIMEOUT_MS = 10 * 60_000;
/** Another apt-get or dpkg may be at work: wait for it instead of failing. */
const WAIT_FOR_DPKG = ['-o', 'DPkg::Lock::Timeout=120'];
const QUIET = { DEBIAN_FRONTEND: 'noninteractive', NEEDRESTART_SUSPEND: '1' };

/** Whether this process may install packages here: root on a Debian-like system. */
export function canInstall(): boolean {
  return process.getuid?.() === 0 && findBinary('apt-get') !== undefined;
}

/** Installs Debian packages without their recommendations and without starting services. */
export async function aptInstall(packages: readonly string[]): Promise<void> {
  const unitsBefore = systemUnits();
  await withoutServices(async (prefix) => {
    for (let attempt = 1; ; attempt++) {
      try {
        await aptGet(prefix, ['update', '-q']);
        await aptGet(prefix, ['install', '-y', '-q', '--no-install-recommends', ...packages]);
        break;
      } catch (error) {
        // A lock of apt's lists knows no waiting, and mirrors change under a running update.
        if (attempt === ATTEMPTS) throw error;
        await sleep(2_000 * attempt);
      }
    }
  });
  await disableUnits(systemUnits().filter((unit) => !unitsBefore.includes(unit)));
}

/** A new service is kept from starting now, but would still be started with the machine. */
async function disableUnits(units: readonly string[]): Promise<void> {
  if (units.length === 0 || findBinary('systemctl') === undefined) return;
  await run('systemctl', ['disable', ...units]).catch(() => {}); // at worst it starts at boot
}

function systemUnits(): string[] {
  if (!existsSync(UNITS_FOLDER)) return [];
  return readdirSync(UNITS_FOLDER).filter((unit) => /^[^@]+\.(service|socket)$/.test(unit));
}

async function aptGet(prefix: CommandPrefix, args: readonly string[]): Promise<void> {
  const [command = 'apt-get', ...rest] = [...prefix, 'apt-get', ...WAIT_FOR_DPKG, ...args];
  await run(command, rest, { timeoutMs: INSTALL_TIMEOUT_MS, env: QUIET });
}
