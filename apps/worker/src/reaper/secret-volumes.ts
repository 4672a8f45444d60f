import type { Logger } from '@conjob/shared';
import { LABELS } from '../engine/labels.ts';
import type { Upkeep } from '../engine/upkeep.ts';

export interface SecretVolumesOptions {
  readonly upkeep: Upkeep;
  /** Only volumes of this one are looked at. */
  readonly installation: string;
  readonly logger: Logger;
}

/**
 * Removes the volumes of secrets that no container has any more. They are made together with the container
 * that has them first: the engine tells which ones these are, by refusing to remove all others. What was in
 * them is gone since the last one ended.
 */
export async function sweepSecretVolumes(options: SecretVolumesOptions): Promise<void> {
  const { upkeep, installation, logger } = options;
  const labels = { [LABELS.installation]: installation, [LABELS.holds]: 'secret' };
  for (const { name } of await upkeep.volumes(labels)) {
    if (await upkeep.removeVolume(name)) logger.info({ volume: name }, 'removed an empty volume');
  }
}
