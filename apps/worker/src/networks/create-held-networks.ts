import type { WorkerConfig } from '../config.ts';
import { HeldNetworks, type HeldNetworksOptions } from './held-networks.ts';

/** As the environment wants them. Without a pool there is none, but what is left of one is removed. */
export function createHeldNetworks(
  { hasNetworkPool, networkReuse, concurrency }: WorkerConfig,
  parts: Omit<HeldNetworksOptions, 'slots' | 'reuse'>,
): HeldNetworks {
  return new HeldNetworks({
    ...parts,
    slots: hasNetworkPool ? concurrency : 0,
    reuse: networkReuse,
  });
}
