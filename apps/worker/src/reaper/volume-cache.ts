import type { Logger } from '@conjob/shared';
import { LABELS } from '../engine/labels.ts';
import type { Upkeep } from '../engine/upkeep.ts';
import type { UseLog } from './use-log.ts';

export interface VolumeCacheOptions {
  readonly upkeep: Upkeep;
  readonly uses: UseLog;
  readonly installation: string;
  readonly retentionMs: number;
  readonly logger: Logger;
}

/** Removes the cache volumes of this installation that no job has used for so long. */
export async function trimVolumes(options: VolumeCacheOptions): Promise<void> {
  const { upkeep, uses, installation, retentionMs, logger } = options;
  const [volumes, used] = await Promise.all([
    upkeep.volumes({ [LABELS.installation]: installation }),
    uses.read(),
  ]);
  const agoMs = new Map(used.map((use) => [use.name, use.agoMs]));
  for (const { name: volume, labels } of volumes) {
    // That of a secret: it belongs to one job.
    if (labels[LABELS.holds] !== undefined) continue;
    const unusedMs = agoMs.get(volume);
    // Redis has lost its note, or never got it: the time begins now.
    if (unusedMs === undefined) await uses.note(volume);
    else if (unusedMs > retentionMs && (await upkeep.removeVolume(volume))) {
      logger.info({ volume, unusedMs }, 'removed a cache volume that no job uses any more');
    }
  }
  const known = new Set(volumes.map(({ name }) => name));
  const gone = used.filter(({ name, agoMs }) => agoMs > retentionMs && !known.has(name));
  await uses.forget(gone.map(({ name }) => name));
}
