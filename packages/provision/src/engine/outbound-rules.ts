import { run } from '../binaries/run.ts';
import type { Bridge } from './bridge.ts';

type Rule = readonly [table: 'nat' | 'filter', chain: string, ...match: string[]];

/** Where clouds tell a machine its secrets. No container has any business there. */
const LINK_LOCAL = '169.254.0.0/16';

/**
 * What containers need to reach the world: address translation, and a way both ways. And what they must not
 * reach: whatever this machine offers, on any of its addresses, and the metadata service of a cloud. Each
 * rule is put before those above it.
 */
function outboundRules({ device, subnet }: Bridge): Rule[] {
  const tag = ['-m', 'comment', '--comment', `conjob-${device.slice(2)}`];
  const answers = ['-m', 'conntrack', '--ctstate', 'RELATED,ESTABLISHED'];
  return [
    ['nat', 'POSTROUTING', '-s', subnet, '!', '-o', device, ...tag, '-j', 'MASQUERADE'],
    ['filter', 'FORWARD', '-i', device, ...tag, '-j', 'ACCEPT'],
    ['filter', 'FORWARD', '-o', device, ...answers, ...tag, '-j', 'ACCEPT'],
    ['filter', 'FORWARD', '-i', device, '-d', LINK_LOCAL, ...tag, '-j', 'REJECT'],
    ['filter', 'INPUT', '-i', device, ...tag, '-j', 'REJECT'],
    ['filter', 'INPUT', '-i', device, ...answers, ...tag, '-j', 'ACCEPT'],
  ];
}

/**
 * Puts our rules in front, each once. Throws when the firewall is not usable (no iptables, no
 * kernel support); none of the rules is then left.
 */
export async function addOutboundRules(bridge: Bridge): Promise<void> {
  await removeOutboundRules(bridge);
  try {
    for (const [table, chain, ...match] of outboundRules(bridge)) {
      await run('iptables', ['--wait', '-t', table, '-I', chain, ...match]);
    }
  } catch (error) {
    await removeOutboundRules(bridge);
    throw error;
  }
}

/** Removes our rules and no others; already gone is success. */
export async function removeOutboundRules(bridge: Bridge): Promise<void> {
  for (const [table, chain, ...match] of outboundRules(bridge)) {
    await run('iptables', ['--wait', '-t', table, '-D', chain, ...match]).catch(() => {});
  }
}
