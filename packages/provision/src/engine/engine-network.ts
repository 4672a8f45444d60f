import type { Say } from '../binaries/ensure-binaries.ts';
import { ensureBridge, removeBridge } from './bridge.ts';
import { createNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';
import { addOutboundRules, removeOutboundRules } from './outbound-rules.ts';

/** The network an engine is started in, and what its containers get. */
export interface EngineNetwork {
  readonly bridge: string | 'none';
  inside(command: readonly string[]): string[];
  /** Removes what was made on this machine: nothing of the engine may run any more. */
  remove(): Promise<void>;
  /** Lets go of what this process holds. */
  close(): void;
}

export function openEngineNetwork(
  network: 'bridge' | 'isolated' | NetworkNamespace,
  hash: string,
  say: Say,
): Promise<EngineNetwork> {
  return network === 'bridge' ? bridged(hash, say) : isolated(network);
}

/**
 * Never `--bridge=none` in the host's network: dockerd then deletes the docker0 device of any
 * other engine (moby#26989).
 */
async function isolated(network: 'isolated' | NetworkNamespace): Promise<EngineNetwork> {
  const namespace = network === 'isolated' ? await createNetworkNamespace() : network;
  return {
    bridge: namespace.bridge ?? 'none',
    inside: namespace.inside,
    remove: async () => {},
    close: () => {
      if (network === 'isolated') namespace.close();
    },
  };
}

async function bridged(hash: string, say: Say): Promise<EngineNetwork> {
  const bridge = await ensureBridge(hash);
  await addOutboundRules(bridge).catch(() =>
    say(
      'The firewall (iptables) of this machine is not usable: jobs have no outbound network, and reach what this machine offers to its networks',
    ),
  );
  return {
    bridge: bridge.device,
    inside: (command) => [...command],
    remove: async () => {
      await removeOutboundRules(bridge);
      await removeBridge(bridge);
    },
    close: () => {},
  };
}
