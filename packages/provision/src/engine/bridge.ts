import { run } from '../binaries/run.ts';
import { freeSubnet, gatewayOf } from './free-subnet.ts';

export interface Bridge {
  /** At most 15 characters, the kernel's limit. */
  readonly device: string;
  /** In CIDR form. */
  readonly subnet: string;
}

interface LinkAddresses {
  readonly ifname: string;
  readonly addr_info: readonly { family: string; local: string; prefixlen: number }[];
}

/**
 * Makes the bridge device of an engine, in a private /24 that this machine uses nowhere.
 * One left by a crash is taken as it is: containers that lived on are still plugged into it.
 */
export async function ensureBridge(hash: string): Promise<Bridge> {
  const device = `cj${hash}`;
  const links = JSON.parse(await run('ip', ['-j', '-4', 'addr', 'show'])) as LinkAddresses[];
  const present = cidrs(links.filter(({ ifname }) => ifname === device))[0];
  if (present !== undefined) {
    await run('ip', ['link', 'set', device, 'up']);
    return { device, subnet: present.replace(/\.\d+\/24$/, '.0/24') };
  }
  const subnet = freeSubnet([...cidrs(links), ...(await routes())]);
  if (subnet === undefined) throw new Error('No private subnet is free for the bridge of jobs');
  await removeBridge({ device }); // one without an address: its maker was killed half way
  await run('ip', ['link', 'add', 'name', device, 'type', 'bridge']);
  await run('ip', ['addr', 'add', gatewayOf(subnet), 'dev', device]);
  await run('ip', ['link', 'set', device, 'up']);
  return { device, subnet };
}

/** Removes the device; already gone is success. */
export async function removeBridge({ device }: Pick<Bridge, 'device'>): Promise<void> {
  await run('ip', ['link', 'delete', device]).catch(() => {});
}

function cidrs(links: readonly LinkAddresses[]): string[] {
  return links.flatMap(({ addr_info }) =>
    addr_info.map(({ local, prefixlen }) => `${local}/${prefixlen}`),
  );
}

async function routes(): Promise<string[]> {
  const listed = JSON.parse(await run('ip', ['-j', '-4', 'route', 'show', 'table', 'all']));
  return (listed as { readonly dst: string }[])
    .map(({ dst }) => dst)
    .filter((dst) => /^[\d.]+(\/\d+)?$/.test(dst));
}
