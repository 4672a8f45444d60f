import { setTimeout as sleep } from 'node:timers/promises';
import type { VolumeAnswer } from '@conjob/shared';
import { isNamed } from '../docker-cache.ts';
import type { Engine } from '../engine/engine.ts';
import { LABELS } from '../engine/labels.ts';
import type { Upkeep } from '../engine/upkeep.ts';

/** A job may take the volume again in between; and an engine lets go of it a little after its container is gone. */
const TRIES = 10;
const PAUSE_MS = 200;

export interface VolumeHost {
  readonly engine: Pick<Engine, 'remove'>;
  readonly upkeep: Upkeep;
  readonly installation: string;
}

/**
 * Removes volumes of this installation, with its containers that hold them, running ones too. Whatever is not
 * its own stays, and so does a volume that such a container holds, with all other containers that do.
 */
export async function removeVolumes(
  host: VolumeHost,
  ids: readonly string[],
): Promise<VolumeAnswer[]> {
  const answers: VolumeAnswer[] = [];
  // One after the other: they may share containers.
  for (const id of ids) {
    try {
      answers.push(...(await removeNamed(host, id)));
    } catch (error) {
      answers.push(answer(id, id, 'failed', [], (error as Error).message));
    }
  }
  return answers;
}

async function removeNamed(host: VolumeHost, id: string): Promise<VolumeAnswer[]> {
  const { upkeep, installation } = host;
  const ours = await upkeep.volumes({ [LABELS.installation]: installation });
  const named = ours.filter((volume) => isNamed(volume, id));
  if (named.length === 0) {
    if (!(await upkeep.hasVolume(id))) return [answer(id, id, 'absent', [], 'There is none.')];
    return [answer(id, id, 'not_ours', [], 'It was not made by this ConJob.')];
  }
  const answers: VolumeAnswer[] = [];
  for (const { name } of named) answers.push(await removeOne(host, id, name));
  return answers;
}

async function removeOne(host: VolumeHost, id: string, volume: string): Promise<VolumeAnswer> {
  const { engine, upkeep, installation } = host;
  const removed: string[] = [];
  /** What was removed before is gone, whoever has the volume now: the operator must hear of it. */
  const inUse = (containers: readonly string[], reason: string) => {
    const meanwhile = removed.length === 0 ? '' : ` Removed meanwhile: ${removed.join(', ')}.`;
    return answer(id, volume, 'in_use', containers, reason + meanwhile);
  };
  let taken: string[] = [];
  for (let tries = 0; tries < TRIES; tries += 1) {
    const holders = await upkeep.holdersOf(volume);
    const others = holders.filter(({ labels }) => labels[LABELS.installation] !== installation);
    if (others.length > 0) {
      const names = others.map(({ name }) => name);
      return inUse(names, 'Containers that are not of this ConJob have it.');
    }
    taken = holders.map(({ name }) => name);
    for (const holder of holders) {
      await engine.remove(holder.id);
      removed.push(holder.name);
    }
    const isGone = (await upkeep.removeVolume(volume)) || !(await upkeep.hasVolume(volume));
    if (isGone) return answer(id, volume, 'removed', removed, null);
    await sleep(PAUSE_MS);
  }
  return inUse(taken, 'Jobs take it again and again.');
}

function answer(
  id: string,
  volume: string,
  outcome: VolumeAnswer['outcome'],
  containers: readonly string[],
  reason: string | null,
): VolumeAnswer {
  return { id, volume, outcome, containers, reason };
}
