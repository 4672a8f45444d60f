import { aptInstall, canInstall } from './apt.ts';
import { aptPackages, type BinaryName } from './catalogue.ts';
import { findBinary } from './find-binary.ts';
import { withMachineLock } from './machine-lock.ts';
import { MissingBinaryError } from './missing-binary-error.ts';

/** Tells the user, in one line, what is being done for them. */
export type Say = (line: string) => void;

const LOCK_FILE = '/var/lock/conjob-install.lock';

/**
 * Finds programs on PATH and in the system folders, and installs missing ones with apt-get
 * where that is possible (root on Debian or Ubuntu). Safe to call from several processes at once.
 *
 * Resolves to the path of each program. Throws `MissingBinaryError`.
 */
export async function ensureBinaries<Name extends BinaryName>(
  names: readonly Name[],
  { say = () => {} }: { readonly say?: Say } = {},
): Promise<Record<Name, string>> {
  if (missing(names).length > 0) {
    if (!canInstall()) {
      throw new MissingBinaryError(missing(names), 'not root on a system with apt-get');
    }
    await withMachineLock(LOCK_FILE, () => install(names, say));
  }
  return Object.fromEntries(names.map((name) => [name, findBinary(name)])) as Record<Name, string>;
}

async function install(names: readonly BinaryName[], say: Say): Promise<void> {
  const wanted = missing(names); // another process may have brought them while we waited
  if (wanted.length === 0) return;
  const packages = aptPackages(wanted);
  say(`Installing ${packages.join(', ')} with apt-get`);
  try {
    await aptInstall(packages);
  } catch (cause) {
    throw new MissingBinaryError(wanted, reasonOf(cause), { cause });
  }
  const still = missing(wanted);
  if (still.length > 0) throw new MissingBinaryError(still, 'apt-get did not bring it');
}

function missing<Name extends BinaryName>(names: readonly Name[]): Name[] {
  return names.filter((name) => findBinary(name) === undefined);
}

/** apt-get names its troubles in lines that begin with "E:". */
function reasonOf(error: unknown): string {
  const said = String(error).match(/^E: .*/m)?.[0];
  return said === undefined ? 'apt-get failed' : `apt-get failed: ${said.slice(3)}`;
}
